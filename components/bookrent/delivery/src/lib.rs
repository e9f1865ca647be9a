//! bookrent: the delivery context
