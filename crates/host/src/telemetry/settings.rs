//! What the `OTEL_*` variables say: OpenTelemetry's specifications of the environment variables and of
//! the OTLP exporter. Values that cannot be meant are refused before anything is served, and so is what
//! there is not here: spans that nobody gets are found missing when they are needed.

use super::sampler::Sampler;
use crate::say::suggestion;
use anyhow::{Context as _, Result, bail, ensure};
use http::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use url::Url;

/// Families of variables in which every name has to be one that there is.
const OURS: [&str; 4] = ["OTEL_EXPORTER_OTLP_", "OTEL_BSP_", "OTEL_TRACES_", "OTEL_SPAN_"];
/// Of those, what is for metrics and logs, which are not sent from here.
const OTHERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_METRICS_", "OTEL_EXPORTER_OTLP_LOGS_"];
/// What there is in them.
const KNOWN: [&str; 16] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
    "OTEL_TRACES_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_BSP_MAX_QUEUE_SIZE",
];
/// The last of them.
const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
/// Where collectors take spans below their base address.
const PATH: &str = "v1/traces";

/// How spans are made and where they go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The collector's URL for traces.
    pub endpoint: String,
    /// Headers of each request to it.
    pub headers: Vec<(String, String)>,
    /// What the spans are of: `service.name` and the like.
    pub resource: BTreeMap<String, String>,
    /// Which traces are recorded.
    pub sampler: Sampler,
    /// How long one request to the collector may take, in milliseconds.
    pub timeout: u64,
    /// How long a batch is tried, in milliseconds.
    pub patience: u64,
    /// How long a span waits for others at most, in milliseconds.
    pub delay: u64,
    /// How many spans wait in a process at most.
    pub queue: usize,
    /// How many are sent together at most.
    pub batch: usize,
}

impl Settings {
    /// The specification's defaults, with this endpoint.
    pub fn of(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            headers: Vec::new(),
            resource: BTreeMap::new(),
            sampler: Sampler::default(),
            timeout: 10_000,
            patience: 30_000,
            delay: 5_000,
            queue: 2048,
            batch: 512,
        }
    }

    /// Reads this process's environment. `None` where no spans are wanted: no endpoint is named, or it
    /// is said so. Errors name the variable and what it may be.
    pub fn from_environment(application: &str, version: &str) -> Result<Option<Self>> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let names = names.filter(|name| name.starts_with("OTEL_"));
        let variables = names
            .map(|name| {
                let value = std::env::var(&name).with_context(|| format!("{name} is no text"))?;
                Ok((name, value))
            })
            .collect::<Result<BTreeMap<_, _>>>()?;
        Self::read(&Variables(variables), application, version)
    }

    fn read(variables: &Variables, application: &str, version: &str) -> Result<Option<Self>> {
        let Some(endpoint) = endpoint(variables)? else { return Ok(None) };
        if variables.is_disabled()? {
            return Ok(None);
        }
        variables.refuse_others()?;
        let mut settings = Self::of(&endpoint);
        settings.headers = headers(variables)?;
        settings.resource = resource(variables, application, version)?;
        if let Some(name) = variables.get("OTEL_TRACES_SAMPLER") {
            settings.sampler = Sampler::named(name, variables.get("OTEL_TRACES_SAMPLER_ARG"))?;
        }
        if let Some((name, text)) = variables.of_traces("TIMEOUT") {
            settings.timeout = number(&name, text)?;
        }
        for (name, place) in [
            ("OTEL_BSP_SCHEDULE_DELAY", &mut settings.delay),
            ("OTEL_BSP_EXPORT_TIMEOUT", &mut settings.patience),
        ] {
            if let Some(text) = variables.get(name) {
                *place = number(name, text)?;
            }
        }
        for (name, place) in
            [("OTEL_BSP_MAX_QUEUE_SIZE", &mut settings.queue), (BATCH, &mut settings.batch)]
        {
            if let Some(text) = variables.get(name) {
                *place = usize::try_from(number(name, text)?)?;
            }
        }
        ensure!(
            settings.batch <= settings.queue,
            "{BATCH} is {}: it may be as much as OTEL_BSP_MAX_QUEUE_SIZE at most, {}",
            settings.batch,
            settings.queue
        );
        Ok(Some(settings))
    }
}

/// Variables by name.
struct Variables(BTreeMap<String, String>);

impl Variables {
    /// A variable's value. An empty one is as none.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// The name and value of the exporter's variable for traces, or else of that for all.
    fn of_traces(&self, name: &str) -> Option<(String, &str)> {
        ["TRACES_", ""].iter().find_map(|kind| {
            let name = format!("OTEL_EXPORTER_OTLP_{kind}{name}");
            let text = self.get(&name)?;
            Some((name, text))
        })
    }

    fn is_disabled(&self) -> Result<bool> {
        let disabled = match self.get("OTEL_SDK_DISABLED") {
            None => false,
            Some(text) => text.to_ascii_lowercase().parse().map_err(|_| {
                anyhow::anyhow!("OTEL_SDK_DISABLED is {text:?}: it may be true or false")
            })?,
        };
        match self.get("OTEL_TRACES_EXPORTER") {
            None | Some("otlp") => Ok(disabled),
            Some("none") => Ok(true),
            Some(other) => bail!(
                "OTEL_TRACES_EXPORTER is {other:?}, which there is not here: it may be otlp or none"
            ),
        }
    }

    /// Refuses what there is not here.
    fn refuse_others(&self) -> Result<()> {
        for name in self.0.keys().filter(|name| self.get(name).is_some()) {
            let is_ours = OURS.iter().any(|family| name.starts_with(family))
                && !OTHERS.iter().any(|family| name.starts_with(family));
            let known = || KNOWN.into_iter().chain([BATCH]);
            ensure!(
                !is_ours || known().any(|one| one == name),
                "{name} is set, which there is not here{}: unset it",
                suggestion(name, known())
            );
        }
        if let Some((name, text)) = self.of_traces("PROTOCOL") {
            ensure!(
                text == "http/protobuf",
                "{name} is {text:?}: it may be http/protobuf, and the endpoint names the collector's port \
                 for that, 4318 as a rule"
            );
        }
        if let Some((name, text)) = self.of_traces("COMPRESSION") {
            ensure!(text == "none", "{name} is {text:?}: it may be none");
        }
        for text in self.get("OTEL_PROPAGATORS").into_iter().flat_map(|text| text.split(',')) {
            ensure!(
                matches!(text.trim(), "tracecontext" | "baggage"),
                "OTEL_PROPAGATORS has {:?}, which there is not here: it may be tracecontext,baggage",
                text.trim()
            );
        }
        Ok(())
    }
}

/// Where traces go, if anywhere.
fn endpoint(variables: &Variables) -> Result<Option<String>> {
    let Some((name, text)) = variables.of_traces("ENDPOINT") else { return Ok(None) };
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty()
    });
    let Some(mut url) = url else {
        bail!("{name} is {text:?}: it may be a URL like http://127.0.0.1:4318")
    };
    if name == "OTEL_EXPORTER_OTLP_ENDPOINT" {
        url.set_path(&format!("{}/{PATH}", url.path().trim_end_matches('/')));
    }
    Ok(Some(url.into()))
}

/// `key=value` pairs with commas between them, the values percent-encoded (W3C Baggage). What they are
/// is not told: there are keys to collectors among them.
fn pairs(name: &str, text: &str) -> Result<Vec<(String, String)>> {
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        Some((key.trim().to_owned(), value.into_owned())).filter(|(key, _)| !key.is_empty())
    };
    let all = text.split(',').filter(|one| !one.trim().is_empty());
    let all: Option<Vec<_>> = all.map(pair).collect();
    all.with_context(|| format!("{name} is no list of pairs: write `name=value,name=value`"))
}

fn headers(variables: &Variables) -> Result<Vec<(String, String)>> {
    let Some((name, text)) = variables.of_traces("HEADERS") else { return Ok(Vec::new()) };
    let headers = pairs(&name, text)?;
    for (key, value) in &headers {
        ensure!(
            HeaderName::try_from(key).is_ok() && HeaderValue::try_from(value).is_ok(),
            "{name} has {key:?}, which is no header with its value: write `name=value`, the value \
             percent-encoded"
        );
    }
    Ok(headers)
}

fn resource(
    variables: &Variables,
    application: &str,
    version: &str,
) -> Result<BTreeMap<String, String>> {
    let own = [
        ("service.name", application),
        ("service.version", version),
        ("telemetry.sdk.name", "madang"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ];
    let own = own.into_iter().filter(|(_, value)| !value.is_empty());
    let mut all: BTreeMap<_, _> =
        own.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let name = "OTEL_RESOURCE_ATTRIBUTES";
    if let Some(text) = variables.get(name) {
        all.extend(pairs(name, text)?);
    }
    if let Some(service) = variables.get("OTEL_SERVICE_NAME") {
        all.insert("service.name".to_owned(), service.to_owned());
    }
    Ok(all)
}

/// From 1 up: a limit of 0 would let nothing through.
fn number(name: &str, text: &str) -> Result<u64> {
    let number = text.parse().ok().filter(|number| (1..=u64::from(u32::MAX)).contains(number));
    number.with_context(|| format!("{name} is {text:?}: it may be a whole number from 1 up"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Settings>> {
        let all = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read(&Variables(all.collect()), "shop", "1.2")
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");

    #[test]
    fn without_an_endpoint_nothing_is_wanted() {
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]).unwrap(), None);
        assert_eq!(read(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://c")]).unwrap(), None);
        assert_eq!(read(&[ENDPOINT, ("OTEL_SDK_DISABLED", "True")]).unwrap(), None);
        assert_eq!(read(&[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]).unwrap(), None);
        assert!(read(&[ENDPOINT, ("OTEL_SDK_DISABLED", "false")]).unwrap().is_some());
    }

    #[test]
    fn what_is_of_traces_goes_first() {
        let base = read(&[ENDPOINT]).unwrap().unwrap();
        assert_eq!(base.endpoint, "http://c:4318/v1/traces");
        assert_eq!((base.timeout, base.queue, base.batch, base.delay), (10_000, 2048, 512, 5_000));
        assert_eq!(base.resource["service.name"], "shop");
        assert_eq!(base.resource["service.version"], "1.2");
        let below = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/otlp/")]).unwrap().unwrap();
        assert_eq!(below.endpoint, "https://c/otlp/v1/traces");
        let own = [
            ENDPOINT,
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:1/spans"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=b"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-key = 1%2C2 , authorization=Bearer%20x"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=x,deployment.environment.name=test"),
            ("OTEL_SERVICE_NAME", "named"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "20"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "20"),
            ("OTEL_BSP_SCHEDULE_DELAY", "30"),
            ("OTEL_PROPAGATORS", "tracecontext, baggage"),
        ];
        let own = read(&own).unwrap().unwrap();
        assert_eq!(own.endpoint, "http://t:1/spans");
        let headers = [("x-key", "1,2"), ("authorization", "Bearer x")];
        assert_eq!(own.headers, headers.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!((own.timeout, own.queue, own.batch, own.delay), (250, 20, 20, 30));
        assert_eq!(own.resource["service.name"], "named");
        assert_eq!(own.resource["deployment.environment.name"], "test");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for (name, value, expected) in [
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "localhost:4318",
                "it may be a URL like http://127.0.0.1",
            ),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://c", "it may be a URL"),
            (
                "OTEL_EXPORTER_OTLP_PROTOCOL",
                "grpc",
                "it may be http/protobuf, and the endpoint names",
            ),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "it may be http/protobuf"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "secret", "is no list of pairs: write `name=value,"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a b=c", "is no header with its value"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "it may be a whole number from 1 up"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", "it may be none"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/c.pem", "there is not here: unset it"),
            ("OTEL_EXPORTER_OTLP_ENDPIONT", "x", "did you mean `OTEL_EXPORTER_OTLP_ENDPOINT`?"),
            ("OTEL_SDK_DISABLED", "yes", "it may be true or false"),
            ("OTEL_TRACES_EXPORTER", "zipkin", "it may be otlp or none"),
            ("OTEL_TRACES_SAMPLER", "xray", "it may be always_on"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "it may be a whole number from 1 up"),
            (
                "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
                "4096",
                "as much as OTEL_BSP_MAX_QUEUE_SIZE at most",
            ),
            ("OTEL_RESOURCE_ATTRIBUTES", "=x", "is no list of pairs"),
            ("OTEL_PROPAGATORS", "b3", "it may be tracecontext,baggage"),
            ("OTEL_SPAN_LINK_COUNT_LIMIT", "3", "there is not here: unset it"),
        ] {
            let error = read(&[ENDPOINT, (name, value)].map(|pair| pair)).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(expected), "{error}");
            assert!(!name.ends_with("HEADERS") || !error.contains("secret"), "{error}");
        }
    }
}
