//! gift (기프트): a class with points has one gift, which goes with them.

use madang::{Aggregate, Decision, Rejection, id_from_one};
use serde::{Deserialize, Serialize};

use crate::contract::exports::madang::lecture::gifts::Gift as Resource;
use crate::contract::madang::lecture::gift_calls::Giving;
use crate::contract::madang::lecture::gift_events::{GiftCanceled, GiftGiven};

/// The points of the class are canceled: nothing is given with them any more.
pub const CANCELED: Rejection = Rejection::state("the gift is canceled");

/// A class's gift. Its id is the class's, so that there is one, whoever asks in whatever order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Gift {
    /// `GIFT_GIVEN`.
    Given(Giving),
    /// `GIFT_CANCEL`.
    Canceled(Giving),
    /// Canceled before it was given: it never will be. Nobody sees it.
    Withheld,
}

/// What can be asked of a gift.
#[derive(Debug, Clone)]
pub enum Command {
    /// The class is given points.
    Give(Giving),
    /// Its points are canceled.
    Cancel,
}

madang::events! {
    /// What happens to a gift.
    pub enum Event { GiftGiven, GiftCanceled }
}

impl Aggregate for Gift {
    const COLLECTION: &'static str = "gifts";
    const ENTITY: &'static str = "Gift";
    type Command = Command;
    type Event = Event;
    type Resource = Resource;

    fn decide(state: Option<Self>, command: Command) -> Result<Decision<Self>, Rejection> {
        match (state, command) {
            (None, Command::Give(giving)) => give(giving),
            (Some(given @ Gift::Given(_)), Command::Give(_)) => Ok(Decision::quiet(given)),
            (Some(Gift::Canceled(_) | Gift::Withheld), Command::Give(_)) => Err(CANCELED),
            (None, Command::Cancel) => Ok(Decision::quiet(Gift::Withheld)),
            (Some(Gift::Given(giving)), Command::Cancel) => Ok(cancel(giving)),
            (Some(over), Command::Cancel) => Ok(Decision::quiet(over)),
        }
    }

    fn resource(&self) -> Option<Resource> {
        let (giving, count, status) = match self {
            Gift::Given(giving) => (giving, 1, "GIFT_GIVEN"),
            Gift::Canceled(giving) => (giving, 0, "GIFT_CANCEL"),
            Gift::Withheld => return None,
        };
        let Giving { class_id, student } = giving.clone();
        Some(Resource { id: class_id, class_id, student, count, status: status.to_owned() })
    }
}

fn give(giving: Giving) -> Result<Decision<Gift>, Rejection> {
    id_from_one("classId", giving.class_id)?;
    let Giving { class_id, student } = giving.clone();
    let status = "GIFT_GIVEN".to_owned();
    let told = GiftGiven { id: class_id, class_id, student, count: 1, status };
    Ok(Decision::told(Gift::Given(giving), told))
}

fn cancel(giving: Giving) -> Decision<Gift> {
    let Giving { class_id, student } = giving.clone();
    let status = "GIFT_CANCEL".to_owned();
    let told = GiftCanceled { id: class_id, class_id, student, count: 0, status };
    Decision::told(Gift::Canceled(giving), told)
}

#[cfg(test)]
mod tests {
    use madang::spec::given;

    use super::*;

    fn asked() -> Command {
        Command::Give(Giving { class_id: 7, student: "john-doe".into() })
    }

    fn seen(count: u64, status: &str) -> Option<Resource> {
        let (student, status) = ("john-doe".to_owned(), status.to_owned());
        Some(Resource { id: 7, class_id: 7, student, count, status })
    }

    #[test]
    fn a_gift_is_given_once_however_often_it_is_asked_for() {
        let told = GiftGiven {
            id: 7,
            class_id: 7,
            student: "john-doe".into(),
            count: 1,
            status: "GIFT_GIVEN".into(),
        };
        let gift = given::<Gift>([]).when(asked()).then_events([told.into()]);
        assert_eq!(gift.resource(), seen(1, "GIFT_GIVEN"));
        gift.when(asked()).then_nothing_changes();
    }

    #[test]
    fn a_gift_is_canceled_once_kept_and_told() {
        let told = GiftCanceled {
            id: 7,
            class_id: 7,
            student: "john-doe".into(),
            count: 0,
            status: "GIFT_CANCEL".into(),
        };
        let gift = given::<Gift>([asked()]).when(Command::Cancel).then_events([told.into()]);
        assert_eq!(gift.resource(), seen(0, "GIFT_CANCEL"));
        gift.when(Command::Cancel).then_nothing_changes();
    }

    #[test]
    fn what_was_canceled_is_not_given_again_even_where_it_is_asked_for_late() {
        given::<Gift>([asked(), Command::Cancel]).when(asked()).then_rejected(CANCELED);
        let withheld = given::<Gift>([]).when(Command::Cancel).then_silence();
        assert_eq!(withheld.resource(), None);
        withheld.when(asked()).then_rejected(CANCELED);
        given::<Gift>([Command::Cancel]).when(Command::Cancel).then_nothing_changes();
    }

    #[test]
    fn a_gift_is_for_a_class() {
        let nobody = Command::Give(Giving { class_id: 0, student: "john-doe".into() });
        let refused = Rejection::invalid("classId", 0, "must be a number from 1 up");
        given::<Gift>([]).when(nobody).then_rejected(refused);
    }
}
