//! bookrent: the view context
