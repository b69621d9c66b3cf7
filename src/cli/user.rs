//! `stockroom user create`

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use stockroom::accounts::{NewAccount, create_user};
use stockroom::auth::{Permission, Permissions, Role};
use stockroom::db::End;
use stockroom::db::tx::{self, Mode};
use stockroom::error::Abort;
use stockroom::settings::{Secret, Settings};
use strum::VariantArray;

use super::error::CommandError;
use super::opened::Opened;
use super::print;

#[derive(Subcommand)]
pub enum UserCommand {
    /// Create an account; the password comes from STOCKROOM_PASSWORD or standard input
    Create(Create),
}

#[derive(Args)]
pub struct Create {
    #[arg(long)]
    email: String,
    #[arg(long, value_parser = role())]
    role: Role,
    /// The permissions of a staff account, as in orders:read,orders:update
    #[arg(long, value_delimiter = ',', value_parser = permission())]
    permissions: Vec<Permission>,
    /// The code of the store to which a staff account belongs
    #[arg(long)]
    store: Option<String>,
}

/// The help and the errors list the known values.
fn role() -> impl TypedValueParser<Value = Role> {
    let known = [Role::Admin, Role::Staff, Role::Customer].map(Role::as_str);
    PossibleValuesParser::new(known).try_map(|text| text.parse::<Role>())
}

fn permission() -> impl TypedValueParser<Value = Permission> {
    let known = Permission::VARIANTS.iter().map(|permission| permission.as_str());
    PossibleValuesParser::new(known).try_map(|text| text.parse::<Permission>())
}

pub fn run(settings: Settings, command: UserCommand) -> Result<(), CommandError> {
    let UserCommand::Create(create) = command;
    let password = read_password()?;
    let created = Opened::with(settings, |opened| {
        opened.migrate()?;
        create_account(opened, &create, password)
    })?;
    print(&created);
    Ok(())
}

fn create_account(opened: &Opened, create: &Create, password: Secret) -> Result<String, CommandError> {
    let account = NewAccount {
        email: &create.email,
        password,
        full_name: None,
        role: create.role,
        permissions: Permissions::from(create.permissions.clone()),
        store: create.store.as_deref(),
    };
    let mut conn = opened.connect()?;
    let created = tx::run(&mut conn, Mode::Write, |conn| match create_user(conn, &account) {
        Ok(user) => Ok(End::Commit(Ok(format!("user {} created", user.id)))),
        Err(Abort::Failed(failure)) => Err(failure),
        Err(Abort::Refused(refusal) | Abort::Recorded(refusal) | Abort::Overdue(refusal, _)) => {
            Ok(End::RollBack(Err(refusal.detail)))
        }
    })?;
    created.map_err(CommandError::Other)
}

fn read_password() -> Result<Secret, CommandError> {
    if let Ok(password) = std::env::var("STOCKROOM_PASSWORD") {
        return Ok(Secret::new(password));
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(CommandError::io("read the password"))?;
    Ok(Secret::new(line.trim_end_matches(['\n', '\r']).to_owned()))
}
