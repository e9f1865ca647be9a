//! What is always true of professor once it has settled: course, evaluations, notices, SMS history and My
//! Page are what the log, which forgets nothing, makes of them.

use super::{CONTEXTS, Professor};
use crate::log::{self, Entry, without};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// All that professor holds, once it has settled.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// The whole log.
    pub log: Vec<Entry>,
    /// All courses.
    pub courses: Vec<Value>,
    /// All notices.
    pub notices: Vec<Value>,
    /// All evaluations.
    pub evaluations: Vec<Value>,
    /// All SMS, by their ids.
    pub sms: Vec<Value>,
    /// All rows of My Page.
    pub inquiries: Vec<Value>,
    /// How many events went to the dead letters of all contexts together.
    pub dead_letters: u64,
}

impl Professor<'_> {
    /// Settles, and reads all there is.
    ///
    /// # Panics
    /// When it does not settle.
    #[track_caller]
    pub fn truth(&self) -> Truth {
        self.settle();
        Truth {
            log: self.log(),
            courses: self.all("courseManagements"),
            notices: self.all("professorApplyments"),
            evaluations: self.all("professorEvaluations"),
            sms: self.all("smsHistories"),
            inquiries: self.all("applyStatusInquiries"),
            dead_letters: self.dead_letters(&CONTEXTS),
        }
    }

    /// Settles, and checks that nothing contradicts the log and nothing went to the dead letters.
    ///
    /// # Panics
    /// With what is not true.
    #[track_caller]
    pub fn check(&self) {
        let truth = self.truth();
        log::hold(&truth.contradictions(), truth.dead_letters);
    }
}

/// A course's number and a professor's.
type Pair = (u64, u64);

/// What the log makes of everything.
#[derive(Default)]
struct Expected {
    /// The courses that stand, by their numbers.
    courses: BTreeMap<u64, Value>,
    /// The applications that stand, as they were told last.
    applications: BTreeMap<Pair, Value>,
    /// The cancels of courses, by the ids of their events.
    cancels: BTreeSet<String>,
    /// The courses whose notice was taken away by itself.
    without_notice: BTreeSet<u64>,
    /// The last confirmation of each application that stands.
    confirmed: BTreeMap<Pair, Value>,
    /// How often each course was completed with each professor, and how often that was confirmed.
    told: BTreeMap<Pair, (u64, u64)>,
    /// Whose application was ever canceled: a cancel may keep a completion from being confirmed.
    canceled: BTreeSet<Pair>,
    sms: Vec<Value>,
    inquiries: BTreeMap<Pair, Value>,
    wrong: Vec<String>,
}

impl Truth {
    /// What is not as it must be, a line each. A notice must have been taken away by itself only with
    /// somebody in it, a confirmed evaluation not been changed, and the log must hold no foreign events.
    pub fn contradictions(&self) -> Vec<String> {
        let mut expected = Expected::of(&self.log);
        let mut wrong = log::contradictions(&self.log);
        wrong.append(&mut expected.wrong);
        for (pair, (completed, confirmed)) in &expected.told {
            if completed != confirmed && !expected.canceled.contains(pair) {
                wrong.push(format!(
                    "{pair:?} was completed {completed}, confirmed {confirmed} times"
                ));
            }
        }
        let courses = keyed("course", &self.courses, number, &[], &mut wrong);
        differ("course", &courses, &expected.courses, &mut wrong);
        let mut evaluations = keyed("evaluation", &self.evaluations, pair, &["id"], &mut wrong);
        // What does not confirm is told to nobody.
        for row in evaluations.values_mut().filter(|row| row["successFlag"] != true) {
            (row["score"], row["successFlag"]) = (Value::Null, Value::Null);
        }
        differ("evaluation", &evaluations, &expected.evaluations(), &mut wrong);
        let notices = keyed("notice", &self.notices, number, &[], &mut wrong);
        expected.check_notices(&notices, &mut wrong);
        let sms = self.sms.iter().map(|sms| without(sms, &["id", "time", "_links"]));
        let sms: Vec<_> = sms.collect();
        if sms != expected.sms {
            wrong.push(format!("sent was {sms:?}, and the log tells {:?}", expected.sms));
        }
        wrong.extend(self.unlike_the_log());
        wrong
    }

    /// Where My Page is not what the log makes of it, a line each.
    pub fn unlike_the_log(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let inquiries = keyed("inquiry", &self.inquiries, pair, &["id"], &mut wrong);
        differ("inquiry", &inquiries, &Expected::of(&self.log).inquiries, &mut wrong);
        wrong
    }
}

fn number(row: &Value) -> u64 {
    row["courseNo"].as_u64().unwrap_or_default()
}

fn pair(row: &Value) -> Pair {
    (number(row), row["professorNo"].as_u64().unwrap_or_default())
}

impl Expected {
    fn of(log: &[Entry]) -> Self {
        let mut expected = Expected::default();
        log.iter().for_each(|entry| expected.hear(entry));
        expected
    }

    fn hear(&mut self, entry: &Entry) {
        let data = without(&entry.event["data"], &["eventType", "timestamp"]);
        let number = entry.number_of("courseNo");
        let pair = (number, entry.number_of("professorNo"));
        let phone = data["phoneNumber"].clone();
        let mut send = |text: &str| {
            self.sms.push(json!({"phoneNumber": phone, "contents": text}));
        };
        match entry.kind.as_str() {
            "CourseRegisted" => {
                let mut course = data;
                for field in ["successFlag", "professorNo", "professorNm", "phoneNumber"] {
                    course[field] = Value::Null;
                }
                if let Some(first) = self.courses.insert(number, course) {
                    self.wrong.push(format!("registered anew: {entry:?}, after {first}"));
                }
            }
            "CourseModified" => match self.courses.get_mut(&number) {
                Some(course) => merge(course, data),
                None => self.wrong.push(format!("of no course: {entry:?}")),
            },
            "CourseCompleted" => {
                send("교수로 임명 되었습니다.");
                let before = self.courses.insert(number, data.clone());
                let teaches = |course: &Value| course["professorNo"] == data["professorNo"];
                if before.is_none_or(|course| teaches(&course)) {
                    self.wrong.push(format!("of no course, or not another: {entry:?}"));
                }
                self.set_status(pair, "Completed");
                self.told.entry(pair).or_default().0 += 1;
            }
            "CourseCanceled" => {
                self.cancels.insert(entry.text_of("id").to_owned());
                self.without_notice.remove(&number);
                if self.courses.remove(&number).is_none() {
                    self.wrong.push(format!("of no course: {entry:?}"));
                }
            }
            "ProfessorApplyed" => {
                send("교수 신청이 등록 되었습니다.");
                let (course_no, professor_no) = pair;
                let row = json!({"courseNo": course_no, "professorNo": professor_no,
                    "professorNm": data["professorNm"], "status": "Applyed"});
                self.inquiries.insert(pair, row);
                self.applications.insert(pair, data);
            }
            "ApplymentCanceled" => {
                send("교수 신청이 취소 되었습니다.");
                self.set_status(pair, "Canceled");
                if self.applications.remove(&pair).is_none_or(|applied| applied != data) {
                    self.wrong.push(format!("it did not apply so: {entry:?}"));
                }
                self.confirmed.remove(&pair);
                self.canceled.insert(pair);
                if !self.cancels.contains(entry.text_of("causationid")) {
                    self.without_notice.insert(number);
                }
            }
            "ProfessorConfirmed" => {
                self.set_status(pair, "Confirmed");
                let told = self.told.entry(pair).or_default();
                told.1 += 1;
                if told.1 > told.0 {
                    self.wrong.push(format!("confirmed and not completed: {entry:?}"));
                }
                if self.applications.contains_key(&pair) {
                    self.confirmed.insert(pair, data);
                }
            }
            other => self.wrong.push(format!("nobody tells {other}")),
        }
    }

    fn set_status(&mut self, pair: Pair, status: &str) {
        if let Some(row) = self.inquiries.get_mut(&pair) {
            row["status"] = status.into();
        }
    }

    fn evaluations(&self) -> BTreeMap<Pair, Value> {
        let evaluation = |(pair, applied): (&Pair, &Value)| {
            let confirmed = self.confirmed.get(pair);
            let mut row = json!({"courseNo": pair.0, "professorNo": pair.1});
            for field in ["professorNm", "phoneNumber"] {
                row[field] = applied[field].clone();
            }
            for field in ["score", "successFlag"] {
                row[field] =
                    confirmed.map(|confirmed| confirmed[field].clone()).unwrap_or_default();
            }
            (*pair, row)
        };
        self.applications.iter().map(evaluation).collect()
    }

    /// A course that stands has its notice, with one of those who apply for it, or with nobody.
    fn check_notices(&self, notices: &BTreeMap<u64, Value>, wrong: &mut Vec<String>) {
        let mut applied: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
        for ((course, _), application) in &self.applications {
            applied.entry(*course).or_default().push(application);
        }
        let standing = self.courses.keys().filter(|course| !self.without_notice.contains(course));
        let standing: BTreeSet<_> = standing.chain(applied.keys()).collect();
        if !notices.keys().eq(standing.iter().copied()) {
            wrong.push(format!("notices {:?}, and the log tells {standing:?}", notices.keys()));
        }
        for (course, notice) in notices {
            let right = match applied.get(course) {
                Some(all) => all.contains(&notice),
                None => notice["professorNo"].is_null(),
            };
            if !right {
                wrong.push(format!("notice {notice}, and the log tells {:?}", applied.get(course)));
            }
        }
    }
}

fn merge(course: &mut Value, data: Value) {
    let Value::Object(fields) = data else { return };
    fields.into_iter().for_each(|(field, value)| course[field] = value);
}

/// Rows by their keys, without these fields.
fn keyed<K: Ord>(
    what: &str,
    rows: &[Value],
    key: impl Fn(&Value) -> K,
    fields: &[&str],
    wrong: &mut Vec<String>,
) -> BTreeMap<K, Value> {
    let mut found = BTreeMap::new();
    for row in rows {
        let plain = without(row, &[fields, &["_links"]].concat());
        if let Some(first) = found.insert(key(row), plain) {
            wrong.push(format!("a second {what}: {row}, after {first}"));
        }
    }
    found
}

fn differ<K: Ord + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<K, Value>,
    expected: &BTreeMap<K, Value>,
    wrong: &mut Vec<String>,
) {
    for key in found.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
        let (found, expected) = (found.get(key), expected.get(key));
        if found != expected {
            wrong.push(format!("{what} {key:?}: {found:?}, and the log tells {expected:?}"));
        }
    }
}

#[cfg(test)]
mod tests;
