//! What affinidi-status-list and identity-kit read in a status list. Standard input is the list, the JWK Set and the `status` of
//! tokens; standard output is what each library says of each token, or why it says nothing.

use std::io::read_to_string;

use affinidi_status_list::{StatusListReference, VerifiedStatusListToken, VerifyOptions};
use identity_kit::jose::{DefaultVerifier, Jwk};
use identity_kit::methods::web::{HttpClient, HttpError, HttpResponse};
use identity_kit::resolver::{KeyReference, KeyResolutionError, KeyResolver, KeyRole};
use identity_kit::status_list::{Status, StatusListCheck};
use identity_kit::vc::Jwt;
use identity_kit::vc::validation::{CredentialStatus, StatusCheck, TimeOptions};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

#[derive(Deserialize)]
struct Input {
    issuer: String,
    list: String,
    keys: Vec<Jwk>,
    statuses: Vec<Value>,
    now: i64,
}

impl Input {
    fn key(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid() == Some(kid))
    }
}

/// What is fetched is what the test has fetched.
#[async_trait::async_trait]
impl HttpClient for Input {
    async fn get(&self, _url: &Url) -> Result<HttpResponse, HttpError> {
        Ok(HttpResponse::new(200, self.list.clone()))
    }
}

/// A service that trusts one issuer: it is the one named by `iss` of the list, and the key is of its JWK Set.
#[async_trait::async_trait]
impl KeyResolver for Input {
    async fn resolve_key(&self, key: &KeyReference, _role: KeyRole) -> Result<Jwk, KeyResolutionError> {
        let KeyReference::Jwks { issuer, kid } = key else {
            return Err(KeyResolutionError::unsupported(key));
        };
        if Url::parse(&self.issuer).ok().as_ref() != Some(issuer) {
            return Err(KeyResolutionError::msg("another issuer"));
        }
        self.key(kid).cloned().ok_or_else(|| KeyResolutionError::msg("no such key"))
    }
}

fn read_with_affinidi(input: &Input, status: &Value) -> Result<u8, String> {
    let reference = StatusListReference::from_claims(&json!({ "status": status }))
        .map_err(|error| error.to_string())?
        .ok_or("no reference")?;
    let verify = |jwt: &str, header: &Value| -> Result<Value, String> {
        let jws = Jwt::new(jwt).and_then(|jwt| jwt.decode()).map_err(|error| error.to_string())?;
        let kid = header["kid"].as_str().ok_or("no kid")?;
        let key = input.key(kid).ok_or("no such key")?;
        jws.verify(&DefaultVerifier, key).map_err(|error| error.to_string())?;
        serde_json::from_slice(jws.payload()).map_err(|error| error.to_string())
    };
    VerifiedStatusListToken::verify(&input.list, &reference, &VerifyOptions::at(input.now), verify)
        .and_then(|token| token.status_of(&reference))
        .map(|status| status.value())
        .map_err(|error| error.to_string())
}

fn read_with_identity_kit(input: &Input, status: &Value) -> Result<(), String> {
    let status: Status = serde_json::from_value(status.clone()).map_err(|error| error.to_string())?;
    let check = StatusListCheck::new(input, input, DefaultVerifier);
    let checked = check.check(CredentialStatus::StatusClaim(&status), TimeOptions::default());
    futures_executor::block_on(checked).map_err(|error| format!("{error:?}"))
}

fn main() {
    let text = read_to_string(std::io::stdin()).expect("standard input");
    if text.is_empty() {
        return;
    }
    let input: Input = serde_json::from_str(&text).expect("JSON");
    let all = |read: &dyn Fn(&Value) -> Value| -> Vec<Value> { input.statuses.iter().map(read).collect() };
    let result = |read: Result<Value, String>| read.unwrap_or_else(Value::String);
    println!(
        "{}",
        json!({
            "affinidi-status-list": all(&|status| result(read_with_affinidi(&input, status).map(|value| json!(value)))),
            "identity-kit": all(&|status| result(read_with_identity_kit(&input, status).map(|()| json!("valid")))),
        })
    );
}
