//! The platform on a real Redis, natively: the second ring without a host around it.

mod consumer;
mod intent;
mod rest;
mod support;
mod view;
mod work;
