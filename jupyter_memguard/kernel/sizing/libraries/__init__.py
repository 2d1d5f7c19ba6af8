"""What the objects of one library own beyond what the collector is shown: an adapter each."""
