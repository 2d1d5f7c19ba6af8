import './base.css';
import './toggle.css';
import './panel.css';
import './memory.css';
import './marks.css';
