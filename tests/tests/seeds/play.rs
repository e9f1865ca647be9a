//! A file of requests is sent, step by step, to hosts of its own.

use crate::crowd;
use crate::script::{Action, Expected, Script, Step, When, fill};
use crate::subset::contains;
use madang_testing::system::{SETTLING, System};
use madang_testing::{Answer, HostBuilder, eventually, in_parallel};
use madang_tests::with_faults;
use serde_json::Value;
use std::collections::BTreeMap;

/// Sends all of a system's file, with a host that is started so wherever it asks for an empty system.
///
/// # Panics
/// With the place of the first request that is not answered as it says.
pub fn play(system: &'static str, settings: fn() -> HostBuilder) {
    let Script { mut variables, steps } = Script::of(system).unwrap_or_else(|e| panic!("{e}"));
    let mut rest = steps.as_slice();
    while let [_, others @ ..] = rest {
        let scene = 1 + others.iter().take_while(|step| !step.is_fresh).count();
        let Some(host) = with_faults(settings()) else { return };
        let stage = Stage { system: System::of(system, &host) };
        let (steps, later) = rest.split_at(scene);
        stage.play(steps, &mut variables);
        rest = later;
    }
}

/// A system that requests are sent to.
struct Stage<'h> {
    system: System<'h>,
}

impl Stage<'_> {
    fn play(&self, mut steps: &[Step], variables: &mut BTreeMap<String, String>) {
        while !steps.is_empty() {
            let many = 1 + steps.iter().take_while(|step| step.is_beside_next()).count();
            let (at_once, later) = steps.split_at(many);
            at_once.iter().flat_map(|step| &step.before).for_each(|action| self.act(action));
            let kept = in_parallel(many, |i| self.step(&at_once[i], variables));
            variables.extend(kept.into_iter().flatten());
            steps = later;
        }
    }

    /// Sends one request, and gives the variables that its answer has values for.
    fn step(&self, step: &Step, variables: &BTreeMap<String, String>) -> Vec<(String, String)> {
        let asked = Asked { step, variables };
        // The log is read where something is expected of it.
        let told = if step.events.is_empty() { 0 } else { self.system.log().len() };
        let answer = match &step.siege {
            Some(siege) => {
                crowd::besiege(&asked, siege, self.system.host.address());
                None
            }
            None => Some(self.ask(&asked)),
        };
        step.events.iter().for_each(|(kind, data)| self.await_event(&asked, told, kind, data));
        let value = |answer: &Answer, pointer: &str| match answer.json().pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => panic!("{}", asked.is_wrong(&format!("no {pointer} in\n{answer}"))),
        };
        let keeps = answer.iter().flat_map(|answer| {
            step.keeps.iter().map(|(name, pointer)| (name.clone(), value(answer, pointer)))
        });
        keeps.collect()
    }

    /// Waits for an event with such data, later in the log than the first `told`.
    fn await_event(&self, asked: &Asked, told: usize, kind: &str, data: &Value) {
        let data = asked.filled(data);
        eventually(SETTLING, || {
            let log = self.system.log();
            let of_it: Vec<_> = log[told..].iter().filter(|event| event.kind == kind).collect();
            if of_it.iter().any(|event| contains(&data, &event.event["data"]).is_ok()) {
                return Ok(());
            }
            let seen: Vec<_> = of_it.iter().map(|event| &event.text).collect();
            Err(asked.is_wrong(&format!("no {kind} {data} in {seen:?}")))
        });
    }

    fn act(&self, action: &Action) {
        let System { host, .. } = self.system;
        let component = |context: &String| self.system.component(context);
        match action {
            Action::Down(context) => host.down(&component(context)),
            Action::Heal(context) => host.heal(&component(context)),
            Action::Delay(context, range) => host.delay(&component(context), range.clone()),
            Action::Follow(context) => self.system.follow(context),
        }
    }

    fn ask(&self, asked: &Asked) -> Answer {
        let request = &asked.step.request;
        let mut client = self.system.client.clone();
        for (name, value) in &request.headers {
            client = client.with(name, asked.text(value));
        }
        let path = asked.text(&request.path);
        let expected = &asked.expected()[0];
        let send = || {
            let body = request.body.as_ref().map(|body| asked.text(body).as_str().into());
            let answer = client.send(&request.method, &path, body)?;
            let has = |(name, value): &(String, String)| answer.header(name) == Some(value);
            let mut fits =
                expected.fits(answer.status, answer.header("retry-after").is_some(), &answer.body);
            if let Some((name, value)) = asked.step.headers.iter().find(|header| !has(header)) {
                fits = fits.and(Err(format!("no header {name}: {value}")));
            }
            fits.map_err(|what| asked.is_wrong(&format!("{what}\n{answer}")))?;
            Ok(answer)
        };
        if expected.when == When::Eventually {
            return eventually(SETTLING, send);
        }
        send().unwrap_or_else(|what: String| panic!("{what}"))
    }
}

/// A step with the values of its variables.
pub struct Asked<'a> {
    /// The step.
    pub step: &'a Step,
    variables: &'a BTreeMap<String, String>,
}

impl Asked<'_> {
    /// A text of it.
    pub fn text(&self, text: &str) -> String {
        fill(text, self.variables)
    }

    fn filled(&self, value: &Value) -> Value {
        let text = self.text(&value.to_string());
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {text}: {e}", self.step.place))
    }

    /// The answers that are expected of it.
    pub fn expected(&self) -> Vec<Expected> {
        let filled = |answer: &Expected| Expected {
            body: answer.body.as_ref().map(|body| self.filled(body)),
            ..*answer
        };
        self.step.answers.iter().map(filled).collect()
    }

    /// What is wrong with it, its place, and what to do about it.
    pub fn is_wrong(&self, what: &str) -> String {
        let Step { place, title, .. } = self.step;
        format!(
            "{place} ({title}): {what}\nMend what answers so. Only where the specification of the system \
             says otherwise than the seed document, mend the file, and say why in `# differs:`."
        )
    }
}
