//! bookrent: the book context
