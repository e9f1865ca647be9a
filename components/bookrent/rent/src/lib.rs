//! bookrent: the rent context
