//! Until when whoever asks waits: the header `X-Request-Deadline`, a time as RFC 3339 has it, in UTC. It
//! bounds the calls that a request makes, and is handed on with them. The embedded host sets it from
//! its own limit; a client may bring an earlier one.

use std::time::SystemTime;

use crate::http::Request;
use crate::problem::Problem;

/// The header, in lower case.
pub(crate) const HEADER: &str = "x-request-deadline";

/// A request's deadline.
///
/// # Errors
/// 400 for one that is no time, 504 for one that has passed: whoever asked is not there any more.
pub(crate) fn of(request: &Request, now: SystemTime) -> Result<Option<SystemTime>, Problem> {
    let Some(sent) = request.header(HEADER) else { return Ok(None) };
    let time = humantime::parse_rfc3339(sent.trim()).map_err(|error| {
        let detail = format!(
            "X-Request-Deadline: {sent:?} is no time such as 2026-11-21T06:00:00.250Z: {error}"
        );
        Problem::new(400, detail)
    })?;
    if time <= now {
        let detail = format!("the request's deadline, {sent}, had passed when it arrived");
        return Err(Problem::new(504, detail));
    }
    Ok(Some(time))
}
