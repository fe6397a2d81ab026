//! How articles look in answers.

use super::model::{
    Article, ArticleAct, ArticleActKind, ArticleContent, ArticleKind, ArticleVersion, VersionStanding, begun,
    standings,
};
use super::sql;
use crate::complaints::{Names, PersonRef};
use crate::store::{StoreError, Tx};
use crate::words::words;
use serde::Serialize;
use sync_core::ids::{ArticleId, ComplaintId, PersonId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

words! {
    /// Lists of articles.
    pub(crate) ArticleList {
        /// Approved ones that stand.
        Current = "current",
        /// Of those, the closed cases without their people.
        Cases = "cases",
        /// Those with a draft that waits for approval.
        Waiting = "waiting",
        /// Those that were withdrawn.
        Withdrawn = "withdrawn",
    }
}

/// An article with the version that counts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ArticleBody {
    #[schema(value_type = String, format = "uuid")]
    pub(crate) article_id: ArticleId,
    /// What people call it, for example `K-0007`.
    pub(crate) number: String,
    pub(crate) kind: ArticleKind,
    /// The closed complaint that a case came from; null: another kind.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(crate) source_complaint_id: Option<ComplaintId>,
    /// For `If-Match`.
    pub(crate) version: i64,
    /// The newest approved version of the text; null: none so far.
    pub(crate) approved_version: Option<i64>,
    /// The version of the text that waits for approval; null: none.
    pub(crate) draft_version: Option<i64>,
    pub(crate) changed_at_ms: i64,
    /// Null: it stands.
    pub(crate) withdrawn_at_ms: Option<i64>,
    /// The version that counts or counted last; the newest one when none has begun.
    pub(crate) shown: ArticleVersionBody,
}

/// One version of an article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ArticleVersionBody {
    /// 1, 2, 3 …
    pub(crate) version: i64,
    pub(crate) standing: VersionStanding,
    #[serde(flatten)]
    pub(crate) content: ArticleContent,
    pub(crate) written_by: PersonRef,
    pub(crate) written_at_ms: i64,
    /// Null: a draft.
    pub(crate) approved_by: Option<PersonRef>,
    pub(crate) approved_at_ms: Option<i64>,
}

/// An article with all its versions and everything that was done about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArticleDetail {
    #[serde(flatten)]
    pub(crate) article: ArticleBody,
    /// Newest first.
    pub(crate) versions: Vec<ArticleVersionBody>,
    /// Oldest first.
    pub(crate) acts: Vec<ArticleActBody>,
}

/// Something that was done about an article.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArticleActBody {
    pub(crate) act: ArticleActKind,
    /// The version of the text that it was about.
    pub(crate) article_version: i64,
    /// Why.
    pub(crate) words: Option<String>,
    pub(crate) person: PersonRef,
    pub(crate) at_ms: i64,
}

/// Names of people, each looked up once.
#[derive(Default)]
pub(super) struct Lookup {
    names: Names,
}

impl Lookup {
    /// The person with their name.
    pub(super) async fn person(&mut self, tx: &mut Tx, id: PersonId) -> Result<PersonRef, StoreError> {
        self.names.person(tx, id).await
    }

    /// The article as lists show it.
    pub(super) async fn body(
        &mut self,
        tx: &mut Tx,
        row: Article,
        now: Timestamp,
    ) -> Result<ArticleBody, StoreError> {
        Ok(self.with_versions(tx, row, now).await?.0)
    }

    /// The article with everything about it.
    pub(super) async fn detail(
        &mut self,
        tx: &mut Tx,
        row: Article,
        now: Timestamp,
    ) -> Result<ArticleDetail, StoreError> {
        let id = row.id;
        let (article, mut versions) = self.with_versions(tx, row, now).await?;
        versions.reverse();
        let mut acts = Vec::new();
        for act in sql::acts(tx, id).await? {
            acts.push(self.act(tx, act).await?);
        }
        Ok(ArticleDetail { article, versions, acts })
    }

    /// The article and its versions, oldest first.
    async fn with_versions(
        &mut self,
        tx: &mut Tx,
        row: Article,
        now: Timestamp,
    ) -> Result<(ArticleBody, Vec<ArticleVersionBody>), StoreError> {
        let versions = sql::versions(tx, row.id).await?;
        let counts = begun(&versions, now).or(versions.last()).map(|version| version.number);
        let standings = standings(&row, &versions, now);
        let mut bodies = Vec::new();
        for (version, standing) in versions.into_iter().zip(standings) {
            bodies.push(self.version(tx, version, standing).await?);
        }
        let shown = bodies.iter().find(|body| Some(body.version) == counts).cloned();
        let shown = shown
            .ok_or_else(|| StoreError::impossible("article_versions", "version_no", row.id.to_string()))?;
        let article = ArticleBody {
            article_id: row.id,
            number: row.name(),
            kind: row.kind,
            source_complaint_id: row.source,
            version: row.version,
            approved_version: row.approved,
            draft_version: row.draft,
            changed_at_ms: row.changed_at.unix_ms(),
            withdrawn_at_ms: row.withdrawn.map(|(at, _)| at.unix_ms()),
            shown,
        };
        Ok((article, bodies))
    }

    async fn version(
        &mut self,
        tx: &mut Tx,
        version: ArticleVersion,
        standing: VersionStanding,
    ) -> Result<ArticleVersionBody, StoreError> {
        let approved_by = match version.approved {
            Some((_, person)) => Some(self.names.person(tx, person).await?),
            None => None,
        };
        Ok(ArticleVersionBody {
            version: version.number,
            standing,
            content: version.content,
            written_by: self.names.person(tx, version.written_by).await?,
            written_at_ms: version.written_at.unix_ms(),
            approved_by,
            approved_at_ms: version.approved.map(|(at, _)| at.unix_ms()),
        })
    }

    async fn act(&mut self, tx: &mut Tx, act: ArticleAct) -> Result<ArticleActBody, StoreError> {
        Ok(ArticleActBody {
            act: act.kind,
            article_version: act.version,
            words: act.words,
            person: self.names.person(tx, act.person).await?,
            at_ms: act.at.unix_ms(),
        })
    }
}
