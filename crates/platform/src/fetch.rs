//! Requests that leave a component: begun, so that several may be under way at once, and then waited for.

use std::time::Duration;

use wasi::clocks::monotonic_clock::subscribe_duration;
use wasi::http::outgoing_handler;
use wasi::http::types::{
    Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingRequest, RequestOptions,
    Scheme,
};
use wasi::io::poll::{Pollable, poll};

use crate::call::Outbound;
use crate::http::{MAX_BODY, Response};
use crate::spin::{read_all, write_all};

/// A request that was sent.
pub struct Begun {
    future: FutureIncomingResponse,
    limit: Limit,
}

/// Sends a request without waiting for its answer.
///
/// # Errors
/// What is wrong with the address, and why it could not be sent.
pub fn begin(method: &str, outbound: Outbound) -> Result<Begun, String> {
    let (scheme, rest) = outbound.url.split_once("://").ok_or("the address has no scheme")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let headers: Vec<_> = outbound
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into_bytes()))
        .collect();
    let headers = Fields::from_list(&headers).map_err(|error| error.to_string())?;
    let request = OutgoingRequest::new(headers);
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => Method::Other(other.to_owned()),
    };
    let set = request
        .set_method(&method)
        .and(request.set_scheme(Some(&scheme)))
        .and(request.set_authority(Some(authority)))
        .and(request.set_path_with_query(Some(path)));
    set.map_err(|()| format!("the address {} is none", outbound.url))?;
    let body = request.body().map_err(|()| "the request has no body")?;
    let options = RequestOptions::new();
    let limits = outbound.limits;
    let limited = options
        .set_connect_timeout(Some(nanoseconds(limits.connect)))
        .and(options.set_first_byte_timeout(Some(nanoseconds(limits.first_byte))))
        .and(options.set_between_bytes_timeout(Some(nanoseconds(limits.whole))));
    limited.map_err(|()| "the host sets no time limits")?;
    let limit = Limit(Some((subscribe_duration(nanoseconds(limits.whole)), limits.whole)));
    let future =
        outgoing_handler::handle(request, Some(options)).map_err(|error| error.to_string())?;
    write_all(body, &outbound.body, &limit)?;
    Ok(Begun { future, limit })
}

impl Begun {
    /// Waits until the answer begins.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn answer(self) -> Result<(IncomingResponse, Limit), String> {
        self.limit.wait(&self.future.subscribe())?;
        let response = self
            .future
            .get()
            .ok_or("no answer")?
            .map_err(|()| "the answer was taken already")?
            .map_err(|error| error.to_string())?;
        Ok((response, self.limit))
    }

    /// Waits for the whole answer, of at most [`MAX_BODY`] bytes.
    ///
    /// # Errors
    /// Why there is none.
    pub fn finish(self) -> Result<Response, String> {
        let (response, limit) = self.answer()?;
        let headers = response.headers().entries().into_iter().map(|(name, value)| {
            (name.to_ascii_lowercase(), String::from_utf8_lossy(&value).into_owned())
        });
        let headers = headers.collect();
        let body = response.consume().map_err(|()| "the answer's body was taken already")?;
        Ok(Response { status: response.status(), headers, body: read_all(body, MAX_BODY, &limit)? })
    }
}

/// How long reading and writing may take as a whole; without one, as long as the other side needs.
pub(crate) struct Limit(pub(crate) Option<(Pollable, Duration)>);

impl Limit {
    /// Waits until something can go on.
    pub(crate) fn wait(&self, other: &Pollable) -> Result<(), String> {
        match &self.0 {
            None => other.block(),
            Some((end, limit)) => {
                if !poll(&[other, end]).contains(&0) {
                    return Err(format!("no answer within {} ms", limit.as_millis()));
                }
            }
        }
        Ok(())
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
