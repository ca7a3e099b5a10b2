//! Rows of `client_classes` and `patients`.

use asteroid_clients::{ClientClass, Patient, PracticeId, SourceId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::UnreadableColumn;
use crate::schema::{client_classes, patients};

#[derive(AsChangeset, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(
    table_name = client_classes,
    primary_key(source_id, id),
    check_for_backend(Pg, Sqlite),
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub(crate) struct ClassRow {
    source_id: i64,
    id: String,
    description: Option<String>,
    communications_disabled: Option<String>,
}

impl From<&ClientClass> for ClassRow {
    fn from(class: &ClientClass) -> Self {
        Self {
            source_id: class.source.0,
            id: class.id.as_str().to_owned(),
            description: class.description.clone(),
            communications_disabled: class.communications_disabled.clone(),
        }
    }
}

impl TryFrom<ClassRow> for ClientClass {
    type Error = UnreadableColumn;

    fn try_from(row: ClassRow) -> Result<Self, UnreadableColumn> {
        Ok(Self {
            source: SourceId(row.source_id),
            id: super::external_id(&row.id, "client_classes.id")?,
            description: row.description,
            communications_disabled: row.communications_disabled,
        })
    }
}

#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(
    table_name = patients,
    primary_key(source_id, id),
    check_for_backend(Pg, Sqlite),
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub(crate) struct PatientRow {
    client_number: i64,
    position: i64,
    source_id: i64,
    id: String,
    practice_id: i64,
    name: String,
    display_id: Option<String>,
    deceased_date: Option<String>,
    status: String,
}

impl PatientRow {
    /// The patient at this position in the list of its client.
    pub(crate) fn new(client_number: i64, position: i64, patient: &Patient) -> Self {
        Self {
            client_number,
            position,
            source_id: patient.source.0,
            id: patient.id.as_str().to_owned(),
            practice_id: patient.practice.0,
            name: patient.name.clone(),
            display_id: patient.display_id.clone(),
            deceased_date: patient.deceased_date.map(|date| date.to_string()),
            status: patient.status.clone(),
        }
    }

    pub(crate) fn client_number(&self) -> i64 {
        self.client_number
    }

    pub(crate) fn position(&self) -> i64 {
        self.position
    }
}

impl TryFrom<PatientRow> for Patient {
    type Error = UnreadableColumn;

    fn try_from(row: PatientRow) -> Result<Self, UnreadableColumn> {
        let deceased = row.deceased_date.map(|date| date.parse());
        Ok(Self {
            source: SourceId(row.source_id),
            id: super::external_id(&row.id, "patients.id")?,
            practice: PracticeId(row.practice_id),
            name: row.name,
            display_id: row.display_id,
            deceased_date: deceased.transpose().map_err(|_| UnreadableColumn("patients.deceased_date"))?,
            status: row.status,
        })
    }
}
