//! Dates and times of day as people in Seoul tell them (`spec/kvaccine.md`); everything else is RFC 3339 in
//! UTC.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::{Month, OffsetDateTime};

/// Seoul is nine hours ahead of UTC, all year.
const SEOUL: Duration = Duration::from_secs(9 * 60 * 60);

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(time::Date);

impl Date {
    /// The day, if the calendar has it.
    pub fn of(year: i32, month: u8, day: u8) -> Option<Self> {
        let month = Month::try_from(month).ok()?;
        time::Date::from_calendar_date(year, month, day).ok().map(Date)
    }

    /// Reads `2026-11-22`; nothing else is a date.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let is_whole = (year.len(), month.len(), day.len()) == (4, 2, 2)
            && parts.next().is_none()
            && [year, month, day].into_iter().all(digits);
        if !is_whole {
            return None;
        }
        Date::of(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// The day that it is in Seoul.
    pub fn in_seoul(at: SystemTime) -> Self {
        Date(seoul(at).date())
    }

    /// The day so many days later; the last of the calendar at most.
    #[must_use]
    pub fn plus_days(self, days: u16) -> Self {
        Date(self.0.saturating_add(time::Duration::days(days.into())))
    }

    /// As a number whose digits are the date's, `20261122`: an id for what there is one of each day.
    pub fn number(self) -> u64 {
        let (year, month, day) = self.0.to_calendar_date();
        let year = u64::try_from(year).unwrap_or(0);
        year * 10_000 + u64::from(u8::from(month)) * 100 + u64::from(day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

/// The time in Seoul, `yyyy-MM-dd HH:mm:ss`.
pub fn seoul_time(at: SystemTime) -> String {
    let (hour, minute, second) = seoul(at).to_hms();
    format!("{} {hour:02}:{minute:02}:{second:02}", Date::in_seoul(at))
}

fn seoul(at: SystemTime) -> OffsetDateTime {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default() + SEOUL;
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T15:30:05Z.
    fn late_in_november() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_275_005)
    }

    #[test]
    fn in_seoul_it_is_tomorrow_at_three_in_the_afternoon() {
        let at = late_in_november();
        assert_eq!(crate::event::rfc3339(at), "2026-11-21T15:30:05.000Z");
        assert_eq!(seoul_time(at), "2026-11-22 00:30:05");
        assert_eq!(Date::in_seoul(at).to_string(), "2026-11-22");
        assert_eq!(Date::in_seoul(at - Duration::from_secs(1806)).to_string(), "2026-11-21");
    }

    #[test]
    fn days_go_over_months_and_leap_days() {
        let day = |text| Date::parse(text).unwrap();
        assert_eq!(day("2026-11-22").plus_days(10), day("2026-12-02"));
        assert_eq!(day("2028-02-28").plus_days(1), day("2028-02-29"));
        assert_eq!(day("9999-12-31").plus_days(1), day("9999-12-31"));
        assert!(day("2026-11-22") < day("2026-12-01"));
        assert_eq!(day("2026-01-02").number(), 20_260_102);
    }

    #[test]
    fn only_real_days_in_their_one_form_are_dates() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "26-01-01",
            "2026-01-01-",
            "2026-01-01T00:00:00Z",
            "+026-01-01",
            "2026/01/01",
            "",
            "내일",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Date::of(1989, 3, 9).map(|day| day.to_string()).as_deref(), Some("1989-03-09"));
    }
}
