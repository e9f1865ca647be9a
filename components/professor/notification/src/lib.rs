//! notification (문자알림이력): the SMS that professors were sent.

mod domain;
mod policies;

use madang::spin::typed;
use madang::world::types::Problem;
use madang::{Collection, Context, Definition};

use contract::exports::madang::professor::sms_histories::{Guest, SmsHistory as Resource};
use domain::SmsHistory;

madang::contract!(SmsHistories, "madang:professor/notification", "../../../wit/professor");

struct SmsHistories;

fn sms_histories() -> Collection<SmsHistory> {
    Collection::new()
}

impl Context for SmsHistories {
    fn define() -> Definition {
        Definition::new("professor", "notification")
            .collection(sms_histories())
            .policies(policies::policies())
            .sends_messages()
    }
}

impl Guest for SmsHistories {
    fn find(id: u64) -> Result<Resource, Problem> {
        typed::<Self, _>(|env| sms_histories().find(env, id)?.record())
    }
}
