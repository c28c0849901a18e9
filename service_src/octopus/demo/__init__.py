"""The main job: a watched folder stands for an instrument, and its events rebuild it elsewhere."""
