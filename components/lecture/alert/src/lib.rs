//! alert (알림): what students were told, as they are by KakaoTalk (카톡).

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::lecture::alerts::{Alert as Resource, Guest};
use domain::Alert;

madang::contract!(Alerts, "madang:lecture/alert", "../../../wit/lecture");

struct Alerts;

fn alerts() -> Collection<Alert> {
    Collection::new()
}

impl Context for Alerts {
    fn define() -> Definition {
        Definition::new("lecture", "alert")
            .collection(alerts())
            .policies(policies::policies())
            .sends_messages()
    }
}

impl Guest for Alerts {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| alerts().find(env, id)?.record())
    }
}
