//! `fieldloop user …`: people managed on the server's terminal, on the same database.

use super::model::{Grant, NewPerson, PeopleError, Person, check_password};
use super::sql;
use crate::app::App;
use crate::cli::columns;
use crate::people::generate_password;
use crate::problem::Language;
use crate::store::Tx;
use clap::Subcommand;
use sync_core::ids::PersonId;

/// What can be done with people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create a person; without --password one is made up and shown once. FIELDLOOP_PASSWORD is read, too.
    Add {
        /// What is typed at sign-in.
        login_name: String,
        /// What others see; default: the login name.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Number in the utility's personnel list.
        #[arg(long, default_value = "", hide_default_value = true)]
        staff_number: String,
        /// role, role@unit or role@unit/region; may be repeated.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<Grant>,
        /// The password, where it may be seen by others on this machine.
        #[arg(long, env = "FIELDLOOP_PASSWORD", hide_env_values = true)]
        password: Option<String>,
        /// The person gets no password: technicians need none.
        #[arg(long, conflicts_with = "password")]
        no_password: bool,
        /// The person is back after a restore: the person_id of `field status --json` on their device.
        #[arg(long, value_name = "ID")]
        id: Option<PersonId>,
    },
    /// List people.
    List,
    /// Set a new password and end the person's sessions.
    Passwd {
        /// Who.
        login_name: String,
        /// The password; without it one is made up and shown once.
        #[arg(long, env = "FIELDLOOP_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
    /// Replace a person's roles.
    Role {
        /// Who.
        login_name: String,
        /// role, role@unit or role@unit/region.
        #[arg(value_name = "ROLE")]
        roles: Vec<Grant>,
    },
    /// Take a person's access away; with --undo give it back.
    Disable {
        /// Who.
        login_name: String,
        /// Give the access back.
        #[arg(long)]
        undo: bool,
    },
}

/// Runs a command and returns what the terminal should show.
pub async fn run(app: &App, command: UserCommand, language: Language) -> Result<String, PeopleError> {
    let zh = language == Language::ZhCn;
    let mut tx = app.store.write().await?;
    let now = app.clock.now();
    let text = match command {
        UserCommand::Add { login_name, name, staff_number, roles, password, no_password, id } => {
            let display_name = name.unwrap_or_else(|| login_name.clone());
            let new = NewPerson { login_name, display_name, staff_number, roles };
            if let Some(id) = id
                && sql::find(&mut tx, id).await?.is_some()
            {
                return Err(PeopleError::Invalid {
                    field: "id",
                    expected: "an id that nobody here has; see fieldloop user list",
                });
            }
            let person_id = id.unwrap_or_else(|| PersonId::from_entropy(now, app.entropy.bytes()));
            drop(tx);
            let password = if no_password { None } else { Some(hashed(app, password).await?) };
            tx = app.store.write().await?;
            let person = sql::create(&mut tx, person_id, &new, None, now).await?;
            let mut text = if zh {
                format!("✓ 已创建 {}\n", person.login_name)
            } else {
                format!("✓ created {}\n", person.login_name)
            };
            if let Some(password) = password {
                sql::set_password(&mut tx, person_id, &password.hash, None, now).await?;
                text += &password.shown(zh);
            }
            text
        }
        UserCommand::List => table(&sql::list(&mut tx, "", 10_000).await?, zh),
        UserCommand::Passwd { login_name, password } => {
            drop(tx);
            let password = hashed(app, password).await?;
            tx = app.store.write().await?;
            let person = must_find(&mut tx, &login_name).await?;
            sql::set_password(&mut tx, person.person_id, &password.hash, None, now).await?;
            let done = if zh {
                "✓ 密码已设置，原有会话均已结束\n"
            } else {
                "✓ password set, sessions ended\n"
            };
            format!("{done}{}", password.shown(zh))
        }
        UserCommand::Role { login_name, roles } => {
            let person = must_find(&mut tx, &login_name).await?;
            let person = sql::set_roles(&mut tx, person.person_id, &roles, None, None, now).await?;
            table(&[person], zh)
        }
        UserCommand::Disable { login_name, undo } => {
            let person = must_find(&mut tx, &login_name).await?;
            if undo {
                sql::enable(&mut tx, person.person_id, None, now).await?;
            } else {
                sql::disable(&mut tx, person.person_id, None, now).await?;
            }
            let person = must_find(&mut tx, &login_name).await?;
            table(&[person], zh)
        }
    };
    tx.commit().await?;
    Ok(text)
}

struct Hashed {
    hash: String,
    /// Set if it was made up here.
    generated: Option<String>,
}

impl Hashed {
    fn shown(&self, zh: bool) -> String {
        match &self.generated {
            Some(password) if zh => format!("  密码（仅显示一次）：{password}\n"),
            Some(password) => format!("  password (shown once): {password}\n"),
            None => String::new(),
        }
    }
}

async fn hashed(app: &App, password: Option<String>) -> Result<Hashed, PeopleError> {
    let generated = password.is_none().then(|| generate_password(&app.entropy));
    let Some(password) = password.or_else(|| generated.clone()) else {
        return Err(PeopleError::Invalid { field: "password", expected: "a password" });
    };
    check_password(&password)?;
    let hash = app.passwords.hash(password, app.entropy.bytes()).await;
    let hash = hash.ok_or(PeopleError::Invalid { field: "password", expected: "one that can be hashed" })?;
    Ok(Hashed { hash, generated })
}

async fn must_find(tx: &mut Tx, login_name: &str) -> Result<Person, PeopleError> {
    let person = sql::find_by_login(tx, login_name).await?;
    person.ok_or_else(|| PeopleError::Unknown { who: login_name.to_owned() })
}

fn table(people: &[Person], zh: bool) -> String {
    let head = if zh {
        ["登录名", "姓名", "工号", "角色", "状态", "编号"]
    } else {
        ["Login", "Name", "Staff no.", "Roles", "State", "Id"]
    };
    let mut rows = vec![head.map(str::to_owned)];
    for person in people {
        let roles: Vec<String> = person.roles.iter().map(Grant::to_string).collect();
        let state = match (person.disabled_at.is_some(), zh) {
            (true, true) => "已停用",
            (true, false) => "disabled",
            (false, true) => "可用",
            (false, false) => "active",
        };
        let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        rows.push([
            person.login_name.clone(),
            person.display_name.clone(),
            or_dash(&person.staff_number),
            or_dash(&roles.join(" ")),
            state.to_owned(),
            person.person_id.to_string(),
        ]);
    }
    columns(&rows)
}
