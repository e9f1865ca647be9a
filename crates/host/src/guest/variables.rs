//! `fermyon:spin/variables`: resolved at start, looked up here.

use super::{
    bindings::fermyon::spin2_0_0::variables::{Error, Host},
    state::State,
};
use crate::app::template;

impl Host for State {
    async fn get(&mut self, name: String) -> wasmtime::Result<Result<String, Error>> {
        if let Err(fault) = template::check_name(&name) {
            return Ok(Err(Error::InvalidName(fault)));
        }
        let guest = self.guest();
        Ok(guest
            .plan
            .variables
            .get(&name)
            .cloned()
            .ok_or_else(|| Error::Undefined(format!("no variable for {:?}.{name:?}", guest.id))))
    }
}
