//! `x-request-deadline`: when an answer is of no more use to who asked. RFC 3339 in UTC, with
//! milliseconds.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The header's name.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-deadline");
/// A limit that is further away is none: the calendar ends.
const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Writes deadlines. Many requests come in the same millisecond, so the last text is kept.
#[derive(Debug, Default)]
pub struct Deadlines(Mutex<Option<(u64, HeaderValue)>>);

impl Deadlines {
    /// Sets the header to the earlier of the deadline that came and `limit` from `now`, and tells
    /// how far that is. What came and cannot be read stays: its reader refuses it by name.
    pub fn bound(&self, headers: &mut HeaderMap, now: SystemTime, limit: Duration) -> Duration {
        let limit = limit.min(FAR);
        if let Some(came) = headers.get(HEADER) {
            let read = came.to_str().ok().and_then(|text| humantime::parse_rfc3339(text).ok());
            let Some(deadline) = read else { return limit };
            let left = deadline.duration_since(now).unwrap_or_default();
            if left <= limit {
                return left;
            }
        }
        headers.insert(HEADER, self.write(now + limit));
        limit
    }

    fn write(&self, deadline: SystemTime) -> HeaderValue {
        let since = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or_default();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((written, value)) if *written == millis => value.clone(),
            _ => {
                let text = humantime::format_rfc3339_millis(deadline).to_string();
                let value = HeaderValue::try_from(text).expect("a date is a header's value");
                *last = Some((millis, value.clone()));
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    /// The header and the time left at 06:00:00.250 of a request that came with `deadline`.
    fn bound(deadline: Option<&str>, limit: Duration) -> (String, Duration) {
        let now = humantime::parse_rfc3339("2026-11-21T06:00:00.250Z").unwrap();
        let mut headers = HeaderMap::new();
        if let Some(deadline) = deadline {
            headers.insert(HEADER, deadline.parse().unwrap());
        }
        let left = Deadlines::default().bound(&mut headers, now, limit);
        (headers[HEADER].to_str().unwrap().to_owned(), left)
    }

    #[test]
    fn the_earlier_deadline_holds() {
        let own = "2026-11-21T06:00:30.250Z".to_owned();
        assert_eq!(bound(None, LIMIT), (own.clone(), LIMIT));
        assert_eq!(bound(Some("2026-11-21T07:00:00Z"), LIMIT), (own, LIMIT));
        for (came, left) in [
            ("2026-11-21T06:00:01.000Z", Duration::from_millis(750)),
            ("2026-11-21T06:00:30.250Z", LIMIT),
            ("2026-11-21T05:00:00Z", Duration::ZERO),
        ] {
            assert_eq!(bound(Some(came), LIMIT), (came.to_owned(), left));
        }
    }

    #[test]
    fn what_cannot_be_read_is_passed_on() {
        for came in ["soon", "", "2026-11-21", "1700000000"] {
            assert_eq!(bound(Some(came), LIMIT), (came.to_owned(), LIMIT));
        }
    }

    #[test]
    fn no_limit_leads_beyond_the_calendar() {
        let (header, left) = bound(None, Duration::from_millis(u64::MAX));
        assert_eq!((header.as_str(), left), ("2027-11-21T06:00:00.250Z", FAR));
    }

    #[test]
    fn texts_are_kept_for_their_millisecond_only() {
        let deadlines = Deadlines::default();
        let write = |micros| deadlines.write(UNIX_EPOCH + Duration::from_micros(micros));
        assert_eq!(write(1_000_100), "1970-01-01T00:00:01.000Z");
        assert_eq!(write(1_000_900), "1970-01-01T00:00:01.000Z");
        assert_eq!(write(1_001_000), "1970-01-01T00:00:01.001Z");
    }
}
