//! The third way in: components called by the functions that their worlds export, in a host that hears no
//! request and sends none.

mod application;
mod contract;
mod crossing;
mod faults;
mod keys;
mod linked;
mod neighbours;
mod same;
mod value;
mod walk;
