use asteroid_clients::{Practice, PracticeId, SourceId};

use crate::fields::Fields;
use crate::values::{from_text, full_text, id, list, text, word};

pub(super) fn practice(fields: &mut Fields) -> Option<Practice> {
    let practice = fields.need("practiceId", id).map(PracticeId);
    let source = fields.need("sourceId", id).map(SourceId);
    let name = fields.need("name", full_text);
    let slug = fields.need("slug", word);
    let pms = fields.get("pms", text);
    let sms = fields.get("sms", text);
    let features = fields.get("features", list(full_text)).unwrap_or_default();
    let time_zone = fields.need("timeZone", from_text);
    let enterprise_ids = fields.get("enterpriseIds", list(id)).unwrap_or_default();
    Some(Practice {
        id: practice?,
        source: source?,
        name: name?,
        slug: slug?,
        pms,
        sms,
        features,
        time_zone: time_zone?,
        enterprise_ids,
    })
}
