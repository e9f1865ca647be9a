//! The platform on a real Redis, natively: the second ring without a host around it.

mod action;
mod approval;
mod booking;
mod call;
mod consumer;
mod intent;
mod message;
mod quota;
mod rest;
mod room;
mod support;
mod together;
mod view;
mod work;
