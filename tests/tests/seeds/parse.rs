//! How a `.http` file is read. Whatever is not understood is an error with its place, so that nothing in a
//! file is passed over.

use crate::script::{Action, Expected, Origin, Request, Script, Siege, Step, When, fill};
use crate::seed;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a comment may be, for who has written another.
const DIRECTIVES: &str = "seed, added, differs, fresh, down, heal, delay, follow, siege, =>, \
                          eventually =>, or =>, header, event, keep";

/// What a line may be wrong with.
type Line<T> = Result<T, String>;

/// The steps of a system's file, which is called `name`.
///
/// # Errors
/// The first line that is not understood, as `name:line`.
pub fn script(system: &str, name: &str, text: &str) -> Result<Script, String> {
    let at = |number: usize, what: String| format!("{name}:{number}: {what}");
    let lines: Vec<_> = (1..).zip(text.lines().map(str::trim_end)).collect();
    let mut blocks = lines.split(|(_, line)| line.starts_with("###"));
    let mut variables = BTreeMap::new();
    for (number, line) in blocks.next().unwrap_or_default() {
        if let Some(variable) = line.strip_prefix('@') {
            let (key, value) = pair(variable, "=").map_err(|what| at(*number, what))?;
            variables.insert(key, value);
        } else if !line.is_empty() && !line.starts_with('#') {
            return Err(at(*number, format!("`{line}` stands before the first `### `")));
        }
    }
    let host = variables.remove("host");
    host.ok_or_else(|| at(1, "no `@host = …` at its head".to_owned()))?;
    let titles = lines.iter().filter(|(_, line)| line.starts_with("###"));
    let mut steps = Vec::new();
    for ((number, title), block) in titles.zip(blocks) {
        let title = title.trim_start_matches('#').trim();
        let (section, title) = pair(title, " · ").map_err(|what| at(*number, what))?;
        let mut draft = Draft::new(system, &variables);
        for (number, line) in block {
            draft.read(line).map_err(|what| at(*number, what))?;
        }
        let place = format!("{name}:{number}");
        let step = draft.finish(place, section, title);
        steps.push(step.map_err(|what| at(*number, what))?);
    }
    follow_on(&steps)?;
    Ok(Script { variables, steps })
}

/// That each step can follow on the one before.
fn follow_on(steps: &[Step]) -> Line<()> {
    if let Some(first) = steps.first().filter(|first| !first.is_fresh) {
        return Err(format!("{}: the first request has to say `# fresh`", first.place));
    }
    for (step, next) in steps.iter().zip(1..).filter(|(step, _)| step.is_beside_next()) {
        if !steps.get(next).is_some_and(|next| next.siege.is_some() && !next.is_fresh) {
            return Err(format!("{}: no siege of the same system follows on its `&`", step.place));
        }
    }
    Ok(())
}

/// How far a block is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Comments,
    Headers,
    Body,
}

/// A step that is being read.
struct Draft<'a> {
    system: &'a str,
    variables: &'a BTreeMap<String, String>,
    part: Part,
    origin: Option<Origin>,
    asked: Option<seed::Asked>,
    /// Whether it says that it differs, and whether the request does.
    differs: Option<bool>,
    step: Step,
}

impl<'a> Draft<'a> {
    fn new(system: &'a str, variables: &'a BTreeMap<String, String>) -> Self {
        let request =
            Request { method: String::new(), path: String::new(), headers: Vec::new(), body: None };
        let step = Step {
            place: String::new(),
            section: String::new(),
            title: String::new(),
            origin: Origin::Added,
            is_fresh: false,
            before: Vec::new(),
            siege: None,
            request,
            answers: Vec::new(),
            headers: Vec::new(),
            events: Vec::new(),
            keeps: Vec::new(),
        };
        Draft {
            system,
            variables,
            part: Part::Comments,
            origin: None,
            asked: None,
            differs: None,
            step,
        }
    }

    fn read(&mut self, line: &str) -> Line<()> {
        self.known(line)?;
        let request = &mut self.step.request;
        match self.part {
            Part::Comments if line.is_empty() => Ok(()),
            Part::Comments => match line.strip_prefix('#') {
                Some(comment) => self.comment(comment.trim()),
                None => self.request_line(line),
            },
            _ if line.starts_with('#') => Err("a comment stands before its request".to_owned()),
            Part::Headers if line.is_empty() => {
                self.part = Part::Body;
                Ok(())
            }
            Part::Headers => {
                request.headers.push(pair(line, ":")?);
                Ok(())
            }
            Part::Body => {
                let body = request.body.get_or_insert_default();
                body.push_str(line);
                body.push('\n');
                Ok(())
            }
        }
    }

    /// Every variable has a value at the head of the file, for who sends it from an editor.
    fn known(&self, line: &str) -> Line<()> {
        for rest in line.split("{{").skip(1) {
            let name = rest.split("}}").next().unwrap_or_default();
            if name != "host" && !self.variables.contains_key(name) {
                return Err(format!("no `@{name} = …` at the head of the file"));
            }
        }
        Ok(())
    }

    fn comment(&mut self, comment: &str) -> Line<()> {
        if let Some((when, answer)) = comment.split_once("=>") {
            let when = match when.trim() {
                "" => When::Now,
                "eventually" => When::Eventually,
                "or" => When::Perhaps,
                other => {
                    return Err(format!("`{other} =>`: it may be `=>`, `eventually =>`, `or =>`"));
                }
            };
            self.step.answers.push(expected(answer.trim(), when)?);
            return Ok(());
        }
        let (directive, value) = comment.split_once(':').unwrap_or((comment, ""));
        let value = value.trim();
        match (directive, value.is_empty()) {
            ("fresh", true) => self.step.is_fresh = true,
            ("fresh", false) => return Err("`# fresh` stands alone".to_owned()),
            ("seed", false) => {
                self.begin(Origin::Seed)?;
                self.asked = Some(seed::asked(value)?);
            }
            ("added", false) => self.begin(Origin::Added)?,
            ("differs", false) => self.differs = Some(!value.starts_with("the answer:")),
            ("siege", false) => self.step.siege = Some(siege(value)?),
            ("header", false) => self.step.headers.push(pair(value, ":")?),
            ("event", false) => {
                let (kind, data) = pair(value, " ")?;
                self.step.events.push((kind, json(&data)?));
            }
            ("keep", false) => {
                let (name, pointer) = pair(value, "=")?;
                self.known(&format!("{{{{{name}}}}}"))?;
                self.step.keeps.push((name, pointer));
            }
            (_, false) => self.step.before.push(action(directive, value)?),
            (_, true) => return Err(format!("`# {comment}` is none of: {DIRECTIVES}")),
        }
        Ok(())
    }

    fn begin(&mut self, origin: Origin) -> Line<()> {
        match self.origin.replace(origin) {
            None => Ok(()),
            Some(_) => Err("a request has one `# seed:` or one `# added:`".to_owned()),
        }
    }

    fn request_line(&mut self, line: &str) -> Line<()> {
        let (method, url) = pair(line, " ")?;
        let root = format!("{{{{host}}}}/{}/", self.system);
        if !seed::METHODS.contains(&method.as_str()) || !url.starts_with(&root) {
            return Err(format!("`{line}` is no request of the form `GET {root}…`"));
        }
        self.step.request.path = url["{{host}}".len()..].to_owned();
        self.step.request.method = method;
        self.part = Part::Headers;
        Ok(())
    }

    fn finish(self, place: String, section: String, title: String) -> Line<Step> {
        if self.part == Part::Comments {
            return Err("no request follows".to_owned());
        }
        let origin = self.origin.ok_or("it has neither `# seed:` nor `# added:`")?;
        match &self.asked {
            Some(asked) => {
                let differs = self.differs == Some(true);
                self.step.request.compare(asked, self.system, self.variables, differs)?;
            }
            None if self.differs.is_some() => {
                return Err("`# differs:` has no `# seed:` to differ from".to_owned());
            }
            None => {}
        }
        let is_siege = self.step.siege.is_some();
        let answers = &self.step.answers;
        let fits = match answers.as_slice() {
            [one] => one.when != When::Perhaps && !(is_siege && one.when == When::Eventually),
            _ => is_siege && answers.iter().any(|answer| answer.when == When::Now),
        };
        if !fits {
            let told = "one `# =>` or `# eventually =>`; in a siege `# =>` and perhaps `# or =>`";
            return Err(format!("what is expected is not said as it has to be: {told}"));
        }
        let is_repeatable = self.step.request.method != "POST";
        if is_siege && !(self.step.headers.is_empty() && self.step.keeps.is_empty()) {
            return Err("a siege has no one answer for `# header:` and `# keep:`".to_owned());
        }
        if answers[0].when == When::Eventually && !is_repeatable {
            return Err("`# eventually =>` repeats the request: a POST cannot have it".to_owned());
        }
        Ok(Step { place, section, title, origin, ..self.step })
    }
}

impl Request {
    /// That this is what the seed document sends, but for the address; or is not, where it is said to differ.
    fn compare(
        &self,
        asked: &seed::Asked,
        system: &str,
        variables: &BTreeMap<String, String>,
        differs: bool,
    ) -> Line<()> {
        let path = fill(&self.path, variables);
        let body = self.body.as_ref().map(|body| json(&fill(body, variables))).transpose()?;
        let sent = seed::Asked { method: self.method.clone(), path, body };
        let asked = seed::Asked { path: format!("/{system}{}", asked.path), ..asked.clone() };
        match (sent == asked, differs) {
            (true, false) | (false, true) => Ok(()),
            (true, true) => Err(
                "the seed document sends the same: say nothing, or, where its answer is another, \
                                 `# differs: the answer: why`"
                    .to_owned(),
            ),
            (false, false) => Err(format!(
                "the seed document sends {asked}, this sends {sent}: send the same, or say `# differs: why`"
            )),
        }
    }
}

fn expected(answer: &str, when: When) -> Line<Expected> {
    let (status, body) = answer.split_once(' ').unwrap_or((answer, ""));
    let status = status.parse().map_err(|_| format!("`{status}` is no status"))?;
    let body = (!body.is_empty()).then(|| json(body)).transpose()?;
    Ok(Expected { status, body, when })
}

/// `-c50 -n100 -t30s`, and `&` where the next siege begins at the same time.
fn siege(value: &str) -> Line<Siege> {
    let (value, is_beside_next) = match value.strip_suffix('&') {
        Some(value) => (value.trim_end(), true),
        None => (value, false),
    };
    let figure = |option: &str, unit: &str| {
        let mut words = value.split(' ').filter_map(|word| word.strip_prefix(option));
        let figure = words.next().and_then(|word| word.strip_suffix(unit)?.parse::<usize>().ok());
        let figure = figure.filter(|figure| *figure > 0);
        figure.ok_or_else(|| format!("`{value}` is no `-c50 -n100 -t30s`"))
    };
    let (clients, requests) = (figure("-c", "")?, figure("-n", "")?);
    let limit = Duration::from_secs(figure("-t", "s")? as u64);
    Ok(Siege { clients, requests, limit, is_beside_next })
}

fn action(directive: &str, value: &str) -> Line<Action> {
    let context = value.to_owned();
    match directive {
        "down" => Ok(Action::Down(context)),
        "heal" => Ok(Action::Heal(context)),
        "follow" => Ok(Action::Follow(context)),
        "delay" => {
            let (context, range) = pair(value, " ")?;
            let (from, to) = pair(&range, "-")?;
            match (from.parse(), to.parse()) {
                (Ok(from), Ok(to)) => Ok(Action::Delay(context, from..=to)),
                _ => Err(format!("`{range}` is no range of milliseconds")),
            }
        }
        _ => Err(format!("`{directive}` is none of: {DIRECTIVES}")),
    }
}

/// What stands before and after the first separator.
fn pair(text: &str, separator: &str) -> Line<(String, String)> {
    let parts = text.split_once(separator).map(|(key, value)| (key.trim(), value.trim()));
    let parts = parts.filter(|(key, value)| !key.is_empty() && !value.is_empty());
    let (key, value) = parts.ok_or_else(|| format!("`{text}` is no `name{separator}value`"))?;
    Ok((key.to_owned(), value.to_owned()))
}

fn json(text: &str) -> Line<Value> {
    serde_json::from_str(text).map_err(|error| format!("`{}` is no JSON: {error}", text.trim()))
}

#[cfg(test)]
mod tests;
