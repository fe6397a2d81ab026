//! What the API document says about every operation alike: how to sign in, and what a failure looks like.

use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

/// The document as pretty JSON, with security schemes and the answer that any operation may give.
pub(crate) fn complete(document: OpenApi) -> String {
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let components = &mut document["components"];
    components["schemas"]["Problem"] = problem_schema();
    components["securitySchemes"] = json!({
        "session": {
            "type": "apiKey", "in": "header", "name": "Authorization",
            "description": "`Session <token>` from POST /v1/sessions; browsers use the cookie `__Host-fieldloop`."
        },
        "device": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "Access token of a device, or `Authorization: Assertion <JWT>` signed by it."
        }
    });
    let failure = json!({
        "description": "A failure, see docs/problems.md",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
    });
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for operation in paths.flat_map(|(_, path)| path.as_object_mut().into_iter().flatten()) {
        let Some(responses) = operation.1.get_mut("responses").and_then(Value::as_object_mut) else {
            continue;
        };
        for (status, response) in responses.iter_mut() {
            if status.starts_with(['4', '5']) {
                response["content"] = failure["content"].clone();
            }
        }
        responses.insert("default".to_owned(), failure.clone());
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "code", "status", "title", "detail", "request_id"],
        "properties": {
            "type": { "type": "string", "format": "uri" },
            "code": { "type": "string", "description": "Stable; see docs/problems.md" },
            "status": { "type": "integer" },
            "title": { "type": "string" },
            "detail": { "type": "string" },
            "request_id": { "type": "string" },
            "errors": { "type": "array", "items": {
                "type": "object",
                "required": ["pointer", "expected"],
                "properties": { "pointer": { "type": "string" }, "expected": { "type": "string" } }
            } }
        }
    })
}
