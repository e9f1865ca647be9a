//! `fermyon:spin/sqlite` and `spin:sqlite`.

use super::{
    bindings::{fermyon::spin2_0_0::sqlite as v2, spin::sqlite::sqlite as v3},
    database::{Database, LARGEST_RESULT},
    state::State,
};
use rusqlite::{
    ToSql,
    types::{ToSqlOutput, ValueRef},
};
use wasmtime::component::Resource;

/// An open database.
pub struct Connection(Database);

impl State {
    fn open_database(
        &mut self,
        label: &str,
    ) -> wasmtime::Result<Result<Resource<Connection>, v3::Error>> {
        if !self.guest().plan.sqlite_databases.iter().any(|granted| granted == label) {
            return Ok(Err(v3::Error::AccessDenied));
        }
        let host = self.host();
        let Some(database) = host.plan.sqlite_databases.get(label) else {
            return Ok(Err(v3::Error::NoSuchDatabase));
        };
        let database = host.databases.get(database);
        Ok(Ok(self.table.push(Connection(database))?))
    }

    async fn query(
        &mut self,
        connection: &Resource<Connection>,
        statement: String,
        parameters: Vec<v3::Value>,
    ) -> wasmtime::Result<Result<v3::QueryResult, v3::Error>> {
        let database = self.table.get(connection)?.0.clone();
        let span = self.call("spin_sqlite.execute").map(|mut span| {
            // Its parameters are not in it.
            span.set("db.system.name", "sqlite").set("db.query.text", statement.as_str());
            span
        });
        let result =
            database.statement(move |connection| query(connection, &statement, &parameters)).await;
        if let Some(span) = span {
            span.ended(&result);
        }
        self.performed().await;
        Ok(result.map_err(v3::Error::Io))
    }
}

fn query(
    connection: &rusqlite::Connection,
    statement: &str,
    parameters: &[v3::Value],
) -> rusqlite::Result<v3::QueryResult> {
    let mut statement = connection.prepare_cached(statement)?;
    let columns: Vec<_> = statement.column_names().map(str::to_owned).collect();
    let mut size = 0;
    let rows = statement
        .query_map(rusqlite::params_from_iter(parameters), |row| {
            let values = (0..columns.len())
                .map(|column| row.get_ref(column).map(value))
                .collect::<Result<Vec<_>, _>>()?;
            size += values.iter().map(bytes).sum::<usize>();
            if size > LARGEST_RESULT {
                return Err(rusqlite::Error::ToSqlConversionFailure(
                    format!("query result exceeds limit of {LARGEST_RESULT} bytes").into(),
                ));
            }
            Ok(v3::RowResult { values })
        })?
        .collect::<Result<_, _>>()?;
    Ok(v3::QueryResult { columns, rows })
}

impl ToSql for v3::Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

fn value(value: ValueRef) -> v3::Value {
    match value {
        ValueRef::Null => v3::Value::Null,
        ValueRef::Integer(value) => v3::Value::Integer(value),
        ValueRef::Real(value) => v3::Value::Real(value),
        // SQLite does not promise UTF-8; Spin panics where this replaces.
        ValueRef::Text(text) => v3::Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(blob) => v3::Value::Blob(blob.to_vec()),
    }
}

fn bytes(value: &v3::Value) -> usize {
    size_of::<v3::Value>()
        + match value {
            v3::Value::Text(text) => text.len(),
            v3::Value::Blob(blob) => blob.len(),
            _ => 0,
        }
}

impl v3::Host for State {}

impl v3::HostConnection for State {
    async fn open(
        &mut self,
        database: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, v3::Error>> {
        self.open_database(&database)
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<v3::Value>,
    ) -> wasmtime::Result<Result<v3::QueryResult, v3::Error>> {
        self.query(&connection, statement, parameters).await
    }

    async fn last_insert_rowid(
        &mut self,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        let database = self.table.get(&connection)?.0.clone();
        let id = database.work(|connection| Ok(connection.last_insert_rowid())).await;
        id.map_err(wasmtime::Error::msg)
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        let database = self.table.get(&connection)?.0.clone();
        database.work(|connection| Ok(connection.changes())).await.map_err(wasmtime::Error::msg)
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl v2::Host for State {}

impl v2::HostConnection for State {
    async fn open(
        &mut self,
        database: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, v2::Error>> {
        Ok(self.open_database(&database)?.map_err(v2::Error::from))
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<v2::Value>,
    ) -> wasmtime::Result<Result<v2::QueryResult, v2::Error>> {
        let parameters = parameters.into_iter().map(v3::Value::from).collect();
        let result = self.query(&connection, statement, parameters).await?;
        Ok(result.map(v2::QueryResult::from).map_err(v2::Error::from))
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl From<v3::Error> for v2::Error {
    fn from(error: v3::Error) -> Self {
        match error {
            v3::Error::NoSuchDatabase => Self::NoSuchDatabase,
            v3::Error::AccessDenied => Self::AccessDenied,
            v3::Error::InvalidConnection => Self::InvalidConnection,
            v3::Error::DatabaseFull => Self::DatabaseFull,
            v3::Error::Io(text) => Self::Io(text),
        }
    }
}

impl From<v2::Value> for v3::Value {
    fn from(value: v2::Value) -> Self {
        match value {
            v2::Value::Null => Self::Null,
            v2::Value::Integer(value) => Self::Integer(value),
            v2::Value::Real(value) => Self::Real(value),
            v2::Value::Text(value) => Self::Text(value),
            v2::Value::Blob(value) => Self::Blob(value),
        }
    }
}

impl From<v3::Value> for v2::Value {
    fn from(value: v3::Value) -> Self {
        match value {
            v3::Value::Null => Self::Null,
            v3::Value::Integer(value) => Self::Integer(value),
            v3::Value::Real(value) => Self::Real(value),
            v3::Value::Text(value) => Self::Text(value),
            v3::Value::Blob(value) => Self::Blob(value),
        }
    }
}

impl From<v3::QueryResult> for v2::QueryResult {
    fn from(result: v3::QueryResult) -> Self {
        let rows = result
            .rows
            .into_iter()
            .map(|row| v2::RowResult { values: row.values.into_iter().map(Into::into).collect() })
            .collect();
        Self { columns: result.columns, rows }
    }
}
