//! Who may call which operation, as the API document declares it: checked before a handler runs and before a body is
//! read. Which records a role reaches is decided by the capabilities.

use super::OfficeAuth;
use crate::app::App;
use crate::people::Role;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

/// Operations that anybody may call: being alive, becoming somebody, and asking what uploads can do.
const PUBLIC: &[&str] = &[
    "GET /healthz",
    "GET /readyz",
    "OPTIONS /v1/uploads",
    "OPTIONS /v1/uploads/{upload_id}",
    "POST /v1/enrolments",
    "POST /v1/sessions",
    "POST /v1/token",
];

/// Who may call an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Public,
    /// A device; its extractor looks at the credential, which may be good for one time only.
    Device,
    /// A person with an open session and one of these roles; with any role when there are none.
    Session(Vec<Role>),
    /// Nobody: the operation does not say.
    Undeclared,
}

/// Every operation with its access, by method and path pattern.
#[derive(Debug)]
pub(crate) struct AccessTable(HashMap<String, Access>);

impl AccessTable {
    /// What the document declares.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let operations = document.paths.paths.iter().flat_map(|(path, item)| {
            let methods = [
                ("GET", &item.get),
                ("PUT", &item.put),
                ("POST", &item.post),
                ("DELETE", &item.delete),
                ("OPTIONS", &item.options),
                ("HEAD", &item.head),
                ("PATCH", &item.patch),
                ("TRACE", &item.trace),
            ];
            methods.into_iter().filter_map(move |(method, operation)| {
                let name = format!("{method} {path}");
                let access = declared(&name, operation.as_ref()?);
                Some((name, access))
            })
        });
        Self(operations.collect())
    }

    /// The access of an operation; `None` when the path does not know the method.
    fn find(&self, method: &Method, path: &str) -> Option<&Access> {
        let asked = self.0.get(&format!("{method} {path}"));
        // What can be read can be asked for without its body.
        asked.or_else(|| self.0.get(&format!("GET {path}")).filter(|_| method == Method::HEAD))
    }

    /// Whether some method of this path is declared.
    fn knows(&self, path: &str) -> bool {
        self.0.keys().any(|name| name.split_once(' ').is_some_and(|(_, known)| known == path))
    }

    /// Every operation.
    #[cfg(test)]
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&str, &Access)> {
        self.0.iter().map(|(name, access)| (name.as_str(), access))
    }
}

fn declared(name: &str, operation: &Operation) -> Access {
    let security = serde_json::to_value(&operation.security).unwrap_or_default();
    let scheme = |scheme: &str| security[0].get(scheme).and_then(Value::as_array);
    if let Some(roles) = scheme("session") {
        let known: Option<Vec<Role>> = roles.iter().map(|role| role.as_str()?.parse().ok()).collect();
        return known.map_or(Access::Undeclared, Access::Session);
    }
    match scheme("device") {
        Some(_) => Access::Device,
        None if PUBLIC.contains(&name) => Access::Public,
        None => Access::Undeclared,
    }
}

/// Refuses who may not call the operation; hands the person over to the handler.
pub(crate) async fn authorise(
    State((app, table)): State<(App, Arc<AccessTable>)>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    match table.find(request.method(), path) {
        Some(Access::Public | Access::Device) => next.run(request).await,
        // The path does not know the method: the router says so.
        None if table.knows(path) => next.run(request).await,
        // A route that is in no document has no policy, so nobody may call it.
        None | Some(Access::Undeclared) => {
            Problem::internal("an operation without declared access").into_response()
        }
        Some(Access::Session(roles)) => {
            let (mut parts, body) = request.into_parts();
            let office = match OfficeAuth::from_request_parts(&mut parts, &app).await {
                Ok(office) => office,
                Err(problem) => return problem.into_response(),
            };
            if let Err(problem) = office.require(roles)
                && !roles.is_empty()
            {
                return problem.into_response();
            }
            parts.extensions.insert(office);
            next.run(Request::from_parts(parts, body)).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::issue_access_token;
    use crate::devices::tests::a_device;
    use crate::people::tests::a_person;
    use crate::testing::TestApp;
    use serde_json::json;

    fn place(path: &str) -> String {
        let part = |part: &str| match part {
            "{id}" | "{version}" => "7".to_owned(),
            "{sha256}" => "e3".repeat(32),
            "{code}" => "power.meter".to_owned(),
            part if part.starts_with('{') => "018f3c52-8f00-7c3a-9d2e-0123456789ab".to_owned(),
            part => part.to_owned(),
        };
        path.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    /// `FIELDLOOP_BLESS=1 cargo test -p server documented` writes the file anew.
    #[test]
    fn who_may_call_what_is_documented() {
        let mut text = String::from(
            "# Who may call what\n\nEvery operation of the API and who may call it, read from the declarations that the \
            server itself goes by: a request is refused before its body is read when its caller is not named here. A route \
            without a declaration answers nobody. Which records a role reaches is limited further by unit and region.\n\n\
            `every_operation_admits_exactly_those_whom_the_document_names` (server/src/auth/access.rs) calls every line as \
            nobody, as a device and as every role. The pages of the office have the same: [pages.md](pages.md), checked by \
            `every_page_admits_exactly_the_roles_of_its_policy` (server/src/pages/tests.rs).\n\n\
            Written by `FIELDLOOP_BLESS=1 cargo test -p server documented`.\n\n| operation | nobody | device |",
        );
        for role in Role::ALL {
            text.push_str(&format!(" {role} |"));
        }
        text.push_str(&format!("\n|---|---|---|{}\n", "---|".repeat(Role::ALL.len())));
        let table = AccessTable::of(&crate::app::document());
        let mut operations: Vec<_> = table.operations().collect();
        operations
            .sort_unstable_by_key(|(name, _)| name.split_once(' ').map(|(method, path)| (path, method)));
        for (name, access) in operations {
            let mark = |may: bool| if may { "yes" } else { "" };
            text.push_str(&format!(
                "| `{name}` | {} | {} |",
                mark(*access == Access::Public),
                mark(matches!(access, Access::Public | Access::Device))
            ));
            for role in Role::ALL {
                let may = match access {
                    Access::Public => true,
                    Access::Session(roles) => roles.is_empty() || roles.contains(&role),
                    Access::Device | Access::Undeclared => false,
                };
                text.push_str(&format!(" {} |", mark(may)));
            }
            text.push('\n');
        }
        crate::testing::check_document("docs/access.md", &text);
    }

    /// A route that somebody adds beside the document.
    #[tokio::test]
    async fn a_route_that_nobody_declared_answers_nobody() {
        let test = TestApp::sqlite().await;
        let table = Arc::new(AccessTable::of(&crate::app::document()));
        let router = axum::Router::new()
            .route("/v1/forgotten", axum::routing::get(|| async { "open" }))
            .layer(axum::middleware::from_fn_with_state((test.app.clone(), table), authorise))
            .with_state(test.app.clone());
        assert_eq!(crate::testing::call(&router, Method::GET, "/v1/forgotten", &[], None).await.status, 500);
    }

    /// Every operation as nobody, as a device and as every role, each with a body that is none.
    #[tokio::test]
    async fn every_operation_admits_exactly_those_whom_the_document_names() {
        let test = TestApp::sqlite().await;
        let mut people = Vec::new();
        for role in Role::ALL {
            people.push((role, a_person(&test, role.as_str(), &[role]).await.1));
        }
        let (device, _) = a_device(&test, "zhang").await;
        let token = issue_access_token(&test.app, device).unwrap().0;
        let device = format!("Bearer {token}");
        let table = AccessTable::of(&crate::app::document());
        assert!(table.operations().count() > 70, "all operations are declared");
        for (name, access) in table.operations() {
            let (method, path) = name.split_once(' ').unwrap();
            let method: Method = method.parse().unwrap();
            let answer = async |authorization: &str| {
                let call = test.call(method.clone(), &place(path)).header("authorization", authorization);
                let call = call.header("tus-resumable", "1.0.0");
                call.json(&json!({})).send().await
            };
            assert_ne!(*access, Access::Undeclared, "{name}");
            let Access::Session(roles) = access else {
                // An upload may be asked for by another method: without one, that is refused first.
                let refusals: &[u16] = if *access == Access::Device { &[401, 405] } else { &[401, 403, 500] };
                let as_person = answer(&people[0].1).await.status;
                assert_eq!(refusals.contains(&as_person), *access == Access::Device, "{name}: {as_person}");
                continue;
            };
            assert_eq!(answer("Session nobody").await.status, 401, "{name} without a session");
            assert_eq!(answer(&device).await.status, 401, "{name} with the token of a device");
            // Signing out would end the session that the rest of the test needs.
            for (role, session) in people.iter().filter(|_| name != "DELETE /v1/sessions/current") {
                let answer = answer(session).await;
                let admitted = roles.is_empty() || roles.contains(role);
                let refused = answer.json["code"] == "role-missing";
                assert_eq!(
                    (refused, answer.status == 500),
                    (!admitted, false),
                    "{name} as {role}: {}",
                    answer.json
                );
            }
        }
    }
}
