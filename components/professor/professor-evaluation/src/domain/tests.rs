//! The rules of evaluations.

use madang::spec::{Given, given};

use super::*;

fn applyed() -> ProfessorApplyed {
    ProfessorApplyed {
        id: 1,
        course_no: 11,
        professor_no: 201,
        professor_nm: "P01".into(),
        professor_spec: None,
        career: None,
        age: None,
        phone_number: "000-0000-0001".into(),
    }
}

fn fields(score: Option<u64>, success_flag: Option<bool>) -> ProfessorEvaluationFields {
    ProfessorEvaluationFields {
        score,
        success_flag,
        course_no: None,
        professor_no: None,
        professor_nm: None,
        phone_number: None,
    }
}

fn evaluate(score: u64, success_flag: bool) -> Command {
    Command::Evaluate(fields(Some(score), Some(success_flag)))
}

const HEARD: Command = Command::Confirm { is_heard: true };
const UNHEARD: Command = Command::Confirm { is_heard: false };
const LOST: Command = Command::GiveUp { may_be_done: true };

fn after(commands: &[Command]) -> Given<ProfessorEvaluation> {
    let open = Command::Open { id: 7, applyed: applyed() };
    given([open].into_iter().chain(commands.iter().cloned()))
}

fn confirmed(score: u64) -> Event {
    ProfessorConfirmed {
        id: 7,
        course_no: 11,
        professor_no: 201,
        professor_nm: "P01".into(),
        score,
        success_flag: true,
        phone_number: "000-0000-0001".into(),
    }
    .into()
}

fn seen(given: &Given<ProfessorEvaluation>) -> (Option<u64>, Option<bool>) {
    given.resource().map(|seen| (seen.score, seen.success_flag)).unwrap()
}

/// What whoever waits is told, and whether anything is owed after that.
fn refused(history: &[Command], answer: Command) -> (Option<Rejection>, Option<bool>) {
    let open = Command::Open { id: 7, applyed: applyed() };
    let state =
        [open].iter().chain(history).cloned().fold(None, |state, command| {
            ProfessorEvaluation::decide(state, command).unwrap().state
        });
    let decision = ProfessorEvaluation::decide(state, answer).unwrap();
    assert_eq!(decision.events, []);
    (decision.refusal, decision.state.map(|state| state.is_intent()))
}

#[test]
fn who_applied_is_to_be_evaluated() {
    let open = Command::Open { id: 7, applyed: applyed() };
    let evaluation = given::<ProfessorEvaluation>([]).when(open).then_silence();
    let shown = evaluation.resource().unwrap();
    assert_eq!((shown.id, shown.course_no, shown.professor_no), (7, 11, 201));
    assert_eq!(seen(&evaluation), (None, None));
}

#[test]
fn what_does_not_confirm_is_stored_at_once() {
    let failed = after(&[]).when(evaluate(40, false)).then_silence();
    assert_eq!(seen(&failed), (Some(40), Some(false)));
    let scored = Command::Evaluate(fields(Some(0), None));
    assert_eq!(seen(&after(&[]).when(scored).then_silence()), (Some(0), None));
}

#[test]
fn what_is_evaluated_must_be_right() {
    let refuse = |fields: ProfessorEvaluationFields, property, value: Value, what: &'static str| {
        let refused = Rejection::invalid(property, value, what);
        after(&[]).when(Command::Evaluate(fields.clone())).then_rejected(refused.clone());
        // What is wrong is wrong at any time.
        after(&[evaluate(85, true)]).when(Command::Evaluate(fields)).then_rejected(refused);
    };
    refuse(fields(Some(101), Some(false)), "score", 101.into(), "must be 0 to 100");
    refuse(fields(None, Some(true)), "score", Value::Null, "is needed to confirm");
    let own = "must be that of the evaluation";
    let whole = fields(Some(100), Some(true));
    let other = ProfessorEvaluationFields { course_no: Some(12), ..whole.clone() };
    refuse(other, "courseNo", 12.into(), own);
    let other = ProfessorEvaluationFields { professor_no: Some(203), ..whole.clone() };
    refuse(other, "professorNo", 203.into(), own);
    let other = ProfessorEvaluationFields { professor_nm: Some("P".into()), ..whole.clone() };
    refuse(other, "professorNm", "P".into(), own);
    let other = ProfessorEvaluationFields { phone_number: Some("1".into()), ..whole };
    refuse(other, "phoneNumber", "1".into(), own);
}

#[test]
fn to_be_confirmed_is_an_intent_that_is_seen_as_it_was() {
    let whole = ProfessorEvaluationFields {
        course_no: Some(11),
        professor_no: Some(201),
        professor_nm: Some("P01".into()),
        phone_number: Some("000-0000-0001".into()),
        ..fields(Some(85), Some(true))
    };
    let asked = after(&[evaluate(40, false)]).when(Command::Evaluate(whole)).then_silence();
    assert_eq!(seen(&asked), (Some(40), Some(false)));
    assert_eq!(refused(&[], evaluate(85, true)), (None, Some(true)));
    let confirmed = asked.when(HEARD).then_events([confirmed(85)]);
    assert_eq!(seen(&confirmed), (Some(85), Some(true)));
}

#[test]
fn each_confirmation_has_a_key_of_its_own() {
    let key = |history: &[Command]| {
        let open = Command::Open { id: 7, applyed: applyed() };
        let state = [open].iter().chain(history).cloned().fold(None, |state, command| {
            ProfessorEvaluation::decide(state, command).unwrap().state
        });
        state.unwrap().completion().0
    };
    let ask = evaluate(85, true);
    assert_eq!(key(std::slice::from_ref(&ask)), "professorEvaluations/7/1");
    assert_eq!(key(&[ask.clone(), LOST]), "professorEvaluations/7/1");
    assert_eq!(key(&[ask.clone(), HEARD, ask]), "professorEvaluations/7/2");
}

#[test]
fn what_course_management_does_not_grant_is_refused_and_nothing_is_stored() {
    let asked = [evaluate(40, false), evaluate(85, true)];
    for (answer, why) in [
        (Command::Held, HELD),
        (Command::NoCourse, NO_COURSE),
        (Command::GiveUp { may_be_done: false }, NO_ANSWER),
    ] {
        assert_eq!(refused(&asked, answer.clone()), (Some(why), Some(false)));
        let history = [&asked[..], &[answer]].concat();
        assert_eq!(seen(&after(&history)), (Some(40), Some(false)));
    }
}

#[test]
fn without_an_answer_it_is_refused_for_now_and_what_became_of_it_is_owed() {
    let asked = [evaluate(85, true)];
    assert_eq!(refused(&asked, LOST), (Some(NO_ANSWER), Some(true)));
    let owed = [evaluate(85, true), LOST];
    assert_eq!(seen(&after(&owed)), (None, None));
    for command in [evaluate(85, true), evaluate(40, false)] {
        after(&asked).when(command.clone()).then_rejected(OWED);
        after(&owed).when(command).then_rejected(OWED);
    }
    let nothing = after(&owed).when(Command::Withdrawn).then_silence();
    assert_eq!(seen(&nothing), (None, None));
    let done = after(&owed).when(UNHEARD).then_events([confirmed(85)]);
    assert_eq!(seen(&done), (Some(85), Some(true)));
}

#[test]
fn who_has_had_no_answer_is_answered_once_by_what_became_of_it() {
    for history in [vec![evaluate(85, true), LOST, UNHEARD], vec![evaluate(85, true), UNHEARD]] {
        let told = after(&history).when(evaluate(85, true)).then_silence();
        assert_eq!(seen(&told), (Some(85), Some(true)));
        let again = [&history[..], &[evaluate(85, true)]].concat();
        assert_eq!(refused(&again, evaluate(85, true)), (None, Some(true)));
        assert_eq!(refused(&history, evaluate(90, true)), (None, Some(true)));
    }
    let heard = [evaluate(85, true), HEARD];
    assert_eq!(refused(&heard, evaluate(85, true)), (None, Some(true)));
}

#[test]
fn an_answer_that_comes_twice_or_late_changes_nothing() {
    let done = [evaluate(85, true), HEARD];
    for late in [HEARD, UNHEARD, Command::Held, Command::NoCourse, LOST, Command::Withdrawn] {
        after(&done).when(late).then_rejected(SETTLED);
    }
    let owed = [evaluate(85, true), LOST];
    for late in [Command::Held, Command::NoCourse, LOST] {
        after(&owed).when(late).then_rejected(SETTLED);
    }
    after(&done[..1]).when(Command::Withdrawn).then_rejected(SETTLED);
}

#[test]
fn who_applies_anew_is_known_by_the_new_name_and_number() {
    let new = ProfessorApplyed { phone_number: "1".into(), ..applyed() };
    let renewed = after(&[evaluate(85, true), HEARD]).when(Command::Renew(new)).then_silence();
    assert_eq!(renewed.resource().unwrap().phone_number, "1");
    assert_eq!(seen(&renewed), (Some(85), Some(true)));
}

#[test]
fn an_application_that_is_canceled_is_evaluated_no_more() {
    let gone = after(&[]).when(Command::Cancel).then_silence();
    assert_eq!(gone.resource(), None);
    gone.when(evaluate(85, true)).then_rejected(Rejection::MISSING);
}

#[test]
fn what_is_canceled_while_it_is_confirmed_is_seen_no_more_and_ends_without_a_word() {
    for history in [vec![evaluate(85, true)], vec![evaluate(85, true), LOST]] {
        let canceled = [&history[..], &[Command::Cancel]].concat();
        assert_eq!(after(&canceled).resource(), None);
        assert_eq!(refused(&history, Command::Cancel), (None, Some(true)));
        for answer in [UNHEARD, Command::Withdrawn] {
            assert_eq!(refused(&canceled, answer), (Some(CANCELED), None));
        }
        after(&canceled).when(Command::Held).then_rejected(SETTLED);
    }
}
