import './base.css';
import './toggle.css';
import './panel.css';
import './status.css';
