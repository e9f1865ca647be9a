//! What a system's pages are: data, which one code shows and one code carries out.

use crate::words::Words;

/// A system.
pub(crate) struct System {
    /// As its paths begin: `bookrent`.
    pub(crate) name: &'static str,
    /// What people call it.
    pub(crate) title: Words,
    /// What it is for, in a sentence.
    pub(crate) about: Words,
    /// Its contexts, in the order in which work passes through them.
    pub(crate) contexts: &'static [Context],
    /// A page for each actor.
    pub(crate) pages: &'static [Page],
}

/// A bounded context, as the drawings show it. What it tells and hears is in the system's AsyncAPI
/// document.
pub(crate) struct Context {
    /// `rent`.
    pub(crate) name: &'static str,
    /// What people call it.
    pub(crate) title: Words,
    /// How near to what the system is about.
    pub(crate) order: Order,
    /// Whom it asks, synchronously.
    pub(crate) calls: &'static [Call],
}

/// Domain order: what a system is about, what that needs, and what any system has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Core,
    Supporting,
    General,
}

/// A synchronous call between contexts.
pub(crate) struct Call {
    /// Who is asked.
    pub(crate) to: &'static str,
    /// What, as the path names it.
    pub(crate) question: &'static str,
    /// What the caller tells only after a yes.
    pub(crate) before: &'static [&'static str],
}

/// An actor's page.
pub(crate) struct Page {
    /// Its name in the address.
    pub(crate) name: &'static str,
    /// Who works here.
    pub(crate) actor: Words,
    /// What they do here.
    pub(crate) lead: Words,
    /// Forms first, lists after them.
    pub(crate) forms: &'static [Form],
    /// What they see.
    pub(crate) lists: &'static [List],
}

/// A form that becomes one request.
pub(crate) struct Form {
    /// Its name in the page and in addresses.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) title: Words,
    /// What it sends.
    pub(crate) sends: Sends,
    /// The fields, which are the body's.
    pub(crate) fields: &'static [Field],
    /// What its button says.
    pub(crate) button: Words,
    /// What is said when it was done.
    pub(crate) done: Words,
    /// A status of the answer that is no success, though the request was, and what is said then.
    pub(crate) failed: Option<(&'static str, Words)>,
}

/// What a form sends.
pub(crate) enum Sends {
    /// POST to a path. Opened by a row of the list at the second path, its fields begin with that row's.
    Post(&'static str, Option<&'static str>),
    /// PATCH of an item of the collection at this path; it is there once a row has opened it.
    Patch(&'static str),
    /// POST of a question to a path; its answer, an array, is shown in these columns, and `[]` with these
    /// words.
    Ask(&'static str, &'static [Column], Words),
}

impl Sends {
    /// The path, below the systems' own address.
    pub(crate) fn path(&self) -> &'static str {
        match self {
            Sends::Post(path, _) | Sends::Patch(path) | Sends::Ask(path, ..) => path,
        }
    }

    /// The collection whose rows may open it.
    pub(crate) fn opened_by(&self) -> Option<&'static str> {
        match self {
            Sends::Post(_, from) => *from,
            Sends::Patch(path) => Some(path),
            Sends::Ask(..) => None,
        }
    }
}

/// A field of a form.
pub(crate) struct Field {
    /// Its name on the wire.
    pub(crate) name: &'static str,
    /// What it is called.
    pub(crate) label: Words,
    /// What it takes.
    pub(crate) kind: Kind,
    /// What helps to fill it in; empty for nothing.
    pub(crate) hint: Words,
    /// The row's field that it begins with.
    pub(crate) from: Option<&'static str>,
    /// Whether it may be left empty.
    pub(crate) optional: bool,
}

/// What a field takes.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Text of so many characters at most.
    Text(u16),
    /// Text of several lines.
    Long(u16),
    /// A whole number.
    Number,
    /// A day.
    Day,
    /// Yes or no.
    Flag,
    /// Text that no page repeats.
    Secret,
}

/// Items of a collection, or of an array.
pub(crate) struct List {
    /// Its name in the page and in addresses.
    pub(crate) name: &'static str,
    /// What it lists.
    pub(crate) title: Words,
    /// The context that tells it.
    pub(crate) context: &'static str,
    /// Its path, below the systems' own address.
    pub(crate) path: &'static str,
    /// How it can be narrowed.
    pub(crate) search: Option<Search>,
    /// What is shown of each.
    pub(crate) columns: &'static [Column],
    /// What can be done with each.
    pub(crate) actions: &'static [Action],
    /// What is said where there are none.
    pub(crate) empty: Words,
}

/// A search of a collection.
pub(crate) struct Search {
    /// Its name: `findByUserId`.
    pub(crate) name: &'static str,
    /// What it takes, on the wire and in the address.
    pub(crate) field: &'static str,
    /// What that is called.
    pub(crate) label: Words,
}

/// A column of a list.
pub(crate) struct Column {
    /// The item's field.
    pub(crate) field: &'static str,
    /// What it is called.
    pub(crate) label: Words,
    /// How it is shown.
    pub(crate) show: Show,
    /// What is said while it is not what it will be.
    pub(crate) pending: Option<Pending>,
}

/// How a value is shown.
#[derive(Clone, Copy)]
pub(crate) enum Show {
    Text,
    Number,
    /// An id: with a number sign.
    Id,
    /// Money.
    Won,
    Status,
    /// Yes and no.
    Flag(Words, Words),
}

/// A value that another context is about to change.
pub(crate) struct Pending {
    /// The value meanwhile; null where empty.
    pub(crate) value: &'static str,
    /// Of which rows.
    pub(crate) when: When,
    /// Who will change it.
    pub(crate) by: &'static str,
    /// What is going on.
    pub(crate) says: Words,
}

/// What can be done with a row.
pub(crate) enum Action {
    /// Open a form of the page with it.
    Open { form: &'static str, label: Words, when: When },
    /// Send a request about it.
    Deed(Deed),
}

/// A request about a row.
pub(crate) struct Deed {
    /// Its name in the page.
    pub(crate) name: &'static str,
    /// What its button says.
    pub(crate) label: Words,
    /// The method.
    pub(crate) method: &'static str,
    /// The path, below the systems' own address, without the id.
    pub(crate) path: &'static str,
    /// The row's field that is the id at the path's end; empty for none.
    pub(crate) id: &'static str,
    /// The body's members.
    pub(crate) body: &'static [(&'static str, Given)],
    /// Which rows it is for.
    pub(crate) when: When,
    /// What is said when it was done.
    pub(crate) done: Words,
}

/// A member of an order's body.
pub(crate) enum Given {
    /// This text.
    Text(&'static str),
    /// What the row has in this field.
    Field(&'static str),
}

/// Which rows something is for.
#[derive(Clone, Copy)]
pub(crate) enum When {
    Always,
    /// Those whose field has one of these values.
    Is(&'static str, &'static [&'static str]),
}

/// Nothing to say.
pub(crate) const NOTHING: Words = crate::words::words("", "");

impl Field {
    /// A required field without a hint.
    pub(crate) const fn new(name: &'static str, label: Words, kind: Kind) -> Self {
        Field { name, label, kind, hint: NOTHING, from: None, optional: false }
    }

    /// With something that helps to fill it in.
    pub(crate) const fn hint(self, hint: Words) -> Self {
        Field { hint, ..self }
    }

    /// It begins with what the row that opened the form has in this field.
    pub(crate) const fn from(self, field: &'static str) -> Self {
        Field { from: Some(field), ..self }
    }

    /// It may be left empty.
    pub(crate) const fn optional(self) -> Self {
        Field { optional: true, ..self }
    }
}

impl Form {
    /// A form whose requests that succeed are successes.
    pub(crate) const PLAIN: Form = Form {
        name: "",
        title: NOTHING,
        sends: Sends::Post("", None),
        fields: &[],
        button: NOTHING,
        done: NOTHING,
        failed: None,
    };
}

impl List {
    /// A list that cannot be narrowed and in which nothing is to be done.
    pub(crate) const PLAIN: List = List {
        name: "",
        title: NOTHING,
        context: "",
        path: "",
        search: None,
        columns: &[],
        actions: &[],
        empty: NOTHING,
    };
}

impl Column {
    /// A column whose values are what they will be.
    pub(crate) const fn new(field: &'static str, label: Words, show: Show) -> Self {
        Column { field, label, show, pending: None }
    }

    /// While the value of such a row is this, the context `by` is about to change it.
    pub(crate) const fn pending(
        self,
        value: &'static str,
        when: When,
        by: &'static str,
        says: Words,
    ) -> Self {
        Column { pending: Some(Pending { value, when, by, says }), ..self }
    }
}

impl Context {
    /// A context that asks nobody.
    pub(crate) const fn new(name: &'static str, title: Words, order: Order) -> Self {
        Context { name, title, order, calls: &[] }
    }

    /// With those whom it asks.
    pub(crate) const fn calls(self, calls: &'static [Call]) -> Self {
        Context { calls, ..self }
    }
}

impl System {
    /// A context by its name.
    pub(crate) fn context(&self, name: &str) -> Option<&'static Context> {
        self.contexts.iter().find(|context| context.name == name)
    }

    /// A page by its name.
    pub(crate) fn page(&self, name: &str) -> Option<&'static Page> {
        self.pages.iter().find(|page| page.name == name)
    }
}
