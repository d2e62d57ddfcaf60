//! An event's own fields. To the trail they are bytes: the text of one JSON object, which nobody takes apart who does not
//! ask what it says.

use super::excerpt::Excerpt;
use serde_json::{Map, Value};

/// The text of an object, as it is hashed.
///
/// ```
/// use annals::trail::data::Data;
/// let fields = serde_json::json!({"lifecycle": "under_way", "effective": "2021-04"});
/// let data = Data::from(fields.as_object().unwrap().clone());
/// assert_eq!(data.as_str(), r#"{"effective":"2021-04","lifecycle":"under_way"}"#);
/// assert_eq!(data.members()["lifecycle"], "under_way");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data(Excerpt);

impl Data {
    /// The text of an object that was read in canonical form.
    pub(super) const fn read(object: Excerpt) -> Self {
        Self(object)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The fields, parsed anew at each call.
    #[must_use]
    pub fn members(&self) -> Map<String, Value> {
        // Only an object nested too deep to be signed cannot be read back.
        serde_json::from_str(self.as_str()).unwrap_or_default()
    }
}

/// Its text is in canonical form if the fields have one; whoever signs the event is told where not.
impl From<Map<String, Value>> for Data {
    fn from(members: Map<String, Value>) -> Self {
        Self(Value::Object(members).to_string().into())
    }
}
