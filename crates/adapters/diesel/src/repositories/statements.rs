//! Running statements in a transaction.

use asteroid_kernel::StorageError;
use diesel_async::RunQueryDsl;
use diesel_async::methods::{ExecuteDsl, LoadQuery};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Conn, Tx};

// The futures of queries are boxed, because the compiler cannot prove that a future of a repository is `Send` if it
// contains a borrowing query.
impl Tx {
    /// Runs a statement and returns the number of affected rows.
    pub(in super::super) async fn execute<Q>(&mut self, statement: Q) -> Result<u64, StorageError>
    where
        Q: ExecuteDsl<Conn> + Send,
    {
        match statement.execute(self.conn()?).await {
            Ok(count) => Ok(count as u64),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// All rows of a query or a `RETURNING` clause.
    pub(in super::super) fn all<'a, Row, Q>(
        &'a mut self,
        query: Q,
    ) -> BoxFuture<'a, Result<Vec<Row>, StorageError>>
    where
        Row: Send + 'a,
        Q: LoadQuery<'a, Conn, Row> + Send + 'a,
    {
        async move {
            match query.load(self.conn()?).await {
                Ok(rows) => Ok(rows),
                Err(error) => Err(self.failed(error)),
            }
        }
        .boxed()
    }

    /// The first row of a query or a `RETURNING` clause, or [`None`].
    pub(in super::super) async fn first<'a, Row, Q>(
        &'a mut self,
        query: Q,
    ) -> Result<Option<Row>, StorageError>
    where
        Row: Send + 'a,
        Q: LoadQuery<'a, Conn, Row> + Send + 'a,
    {
        Ok(self.all(query).await?.into_iter().next())
    }

    /// The first row of a query or a `RETURNING` clause. Fails without one.
    pub(in super::super) async fn one<'a, Row, Q>(&'a mut self, query: Q) -> Result<Row, StorageError>
    where
        Row: Send + 'a,
        Q: LoadQuery<'a, Conn, Row> + Send + 'a,
    {
        self.first(query).await?.ok_or_else(|| StorageError::Failed(diesel::NotFound.into()))
    }
}
