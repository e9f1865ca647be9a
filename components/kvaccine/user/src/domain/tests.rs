//! What a user can ask for, and what comes of it.

use madang::spec::{Given, given};

use super::*;

const NOON: &str = "2026-11-21 12:00:00";
const LATER: &str = "2026-11-21 12:30:00";

fn kim() -> RegisterNumber {
    RegisterNumber::parse("890309-2766876").unwrap()
}

fn reserve(user_name: &str, reserve_date: &str) -> Command {
    Command::Reserve {
        id: 7,
        owner: kim().owner(b"key"),
        masked: kim().masked(),
        user_name: user_name.to_owned(),
        reserve_date: reserve_date.to_owned(),
        today: Date::of(2026, 11, 21).unwrap(),
        at: NOON.to_owned(),
    }
}

fn reserved() -> Command {
    reserve("Taeyeon Kim", "2026-11-22")
}

fn cancel() -> Command {
    Command::Cancel { at: LATER.to_owned() }
}

fn reject() -> Command {
    Command::Reject { at: LATER.to_owned() }
}

fn inject() -> Command {
    Command::Inject { inject_date: LATER.to_owned(), vaccine_type: "Pfizer".to_owned() }
}

fn after(commands: &[Command]) -> Given<User> {
    given::<User>([reserved()].into_iter().chain(commands.iter().cloned()))
}

fn seen(reserve_status: &str, modify_date: &str) -> Resource {
    Resource {
        id: 7,
        user_name: "Taeyeon Kim".to_owned(),
        user_reg_number: "890309-2******".to_owned(),
        reserve_status: reserve_status.to_owned(),
        reserve_date: "2026-11-22".to_owned(),
        modify_date: modify_date.to_owned(),
        inject_date: None,
        vaccine_type: None,
    }
}

#[test]
fn what_is_asked_for_is_told_with_the_number_masked() {
    let told = UserReservationRequested {
        id: 7,
        user_name: "Taeyeon Kim".to_owned(),
        user_reg_number: "890309-2******".to_owned(),
        reserve_status: "RESERVE".to_owned(),
        reserve_date: "2026-11-22".to_owned(),
        modify_date: NOON.to_owned(),
        inject_date: None,
        vaccine_type: None,
    };
    let user = given::<User>([]).when(reserved()).then_events([told.into()]);
    assert_eq!(user.resource(), Some(seen("RESERVE", NOON)));
    user.when(reserved()).then_rejected(ENDED);
}

#[test]
fn a_day_is_one_of_the_next_ten() {
    for date in ["2026-11-22", "2026-11-30", "2026-12-01"] {
        assert!(given::<User>([reserve("a", date)]).resource().is_some(), "{date}");
    }
    let must = "must be a date from 2026-11-22 to 2026-12-01";
    for date in ["2026-11-21", "2026-12-02", "2025-11-22", "2026-11-31", "tomorrow", ""] {
        let refused = Rejection::invalid("reserveDate", Value::Null, must);
        given::<User>([]).when(reserve("a", date)).then_rejected(refused);
    }
}

#[test]
fn a_name_is_a_hundred_characters_at_most_and_no_registration_number() {
    let (long, longest) = ("김".repeat(101), "김".repeat(100));
    for name in ["", long.as_str()] {
        let refused = Rejection::invalid("userName", name, "must be 1 to 100 characters");
        given::<User>([]).when(reserve(name, "2026-11-22")).then_rejected(refused);
    }
    let number = Rejection::invalid("userName", Value::Null, "must have fewer than 13 digits");
    given::<User>([]).when(reserve("Kim 890309-2766876", "2026-11-22")).then_rejected(number);
    assert!(given::<User>([reserve(&longest, "2026-11-22")]).resource().is_some());
}

#[test]
fn a_cancel_is_told_once() {
    let told = UserReservationCancelled {
        id: 7,
        user_name: "Taeyeon Kim".to_owned(),
        user_reg_number: "890309-2******".to_owned(),
        reserve_status: "CANCEL".to_owned(),
        reserve_date: "2026-11-22".to_owned(),
        modify_date: LATER.to_owned(),
        inject_date: None,
        vaccine_type: None,
    };
    let user = after(&[]).when(cancel()).then_events([told.into()]);
    assert_eq!(user.resource(), Some(seen("CANCEL", LATER)));
    user.when(cancel()).then_rejected(NONE_RUNNING);
}

#[test]
fn a_full_day_rejects_whoever_has_not_cancelled_by_then() {
    let user = after(&[]).when(reject()).then_silence();
    assert_eq!(user.resource(), Some(seen("REJECT", LATER)));
    after(&[cancel()]).when(reject()).then_rejected(CANCELED);
    after(&[reject()]).when(cancel()).then_rejected(NONE_RUNNING);
    for late in [reject(), inject()] {
        after(&[reject()]).when(late).then_rejected(ENDED);
    }
}

#[test]
fn what_is_injected_is_injected_even_where_the_cancel_was_faster() {
    for history in [vec![], vec![cancel()]] {
        let user = after(&history).when(inject()).then_silence();
        let injected = Resource {
            inject_date: Some(LATER.to_owned()),
            vaccine_type: Some("Pfizer".to_owned()),
            ..seen("INJECT", LATER)
        };
        assert_eq!(user.resource(), Some(injected));
        user.when(cancel()).then_rejected(INJECTED);
    }
    after(&[inject()]).when(inject()).then_rejected(INJECTED);
}

#[test]
fn nothing_can_be_asked_of_a_user_who_is_not_there() {
    for command in [cancel(), reject(), inject()] {
        given::<User>([]).when(command).then_rejected(Rejection::MISSING);
    }
}
