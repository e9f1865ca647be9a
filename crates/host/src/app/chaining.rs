//! Service chaining: `http://<component>.spin.internal` is another component of the application, with
//! or without a public route.

use super::manifest::Component;
use anyhow::{Result, bail, ensure};

const DOMAIN: &str = ".spin.internal";

/// The id of the component that a host's name means, if it means one.
pub fn target(host: &str) -> Option<&str> {
    host.strip_suffix(DOMAIN).filter(|id| !id.contains('.'))
}

/// The targets that `allowed_outbound_hosts` names, `*` among them. As in Spin, entries with variables are
/// not looked at: who they mean shows when they are called.
fn targets(component: &Component) -> impl Iterator<Item = (&str, &str)> {
    component.allowed_outbound_hosts.iter().filter_map(|entry| {
        let (_, rest) = entry.split_once("://")?;
        let host = rest.split([':', '/']).next()?;
        target(host).filter(|id| !id.contains("{{")).map(|id| (entry.as_str(), id))
    })
}

/// Refuses what Spin does where only `selected` components run: chaining to others.
pub fn check_selected(component: &Component, selected: &[String]) -> Result<()> {
    for (entry, id) in targets(component) {
        ensure!(
            selected.iter().any(|selected| selected == id),
            "allowed_outbound_hosts: {entry:?} chains to components that --component-id leaves out: add \
             them, or name those that are left in the entry"
        );
    }
    Ok(())
}

/// Refuses what Spin does where a Redis trigger calls a component: chaining.
pub fn check_no_redis(component: &Component) -> Result<()> {
    match targets(component).next() {
        None => Ok(()),
        Some((entry, _)) => bail!(
            "allowed_outbound_hosts: {entry:?} chains to a component, which Spin refuses to one that a \
             [[trigger.redis]] calls: call the application's own address"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_one_word_before_the_domain() {
        assert_eq!(target("shop-cart.spin.internal"), Some("shop-cart"));
        for other in ["spin.internal", "a.b.spin.internal", "a.spin.internal.org", "a"] {
            assert_eq!(target(other), None, "{other}");
        }
    }
}
