//! What people do with tokens: make, rotate and revoke them, with a token of the operator's or with one that came from it.

use http::Method;
use serde_json::json;

use super::acts::Done;
use super::rules::Who;
use super::{History, MOST_TOKENS, Token, text};

impl History {
    /// The token of `somebody`, if the operator did not make it.
    pub(super) fn made_token(&self, secret: &str) -> Option<String> {
        self.tokens.iter().find(|token| token.secret == secret).map(|token| token.id.clone())
    }

    pub(super) async fn make_token(&mut self) -> Done {
        if self.tokens.len() >= MOST_TOKENS {
            return self.revoke_token().await;
        }
        let (maker, secret) = self.somebody();
        let user = maker.user;
        let folder = if self.rng.bool() {
            self.any(|history, id| history.model.takes(Who::all_of(user), Some(id)))
        } else {
            None
        };
        let (scopes, reads, uploads, changes) = match self.rng.u32(..5) {
            0..2 => (vec!["access_drive"], true, true, true),
            2 => (vec!["drive_read"], true, false, false),
            3 => (vec!["drive_upload"], false, true, false),
            _ => (vec!["drive_read", "drive_upload"], true, true, false),
        };
        let who = Who { user, folder, reads, uploads, changes };
        let body = json!({ "name": "t", "scopes": scopes, "folderId": self.server_id(folder) });
        let answer = self.drive.ask(&secret, Method::POST, "/tokens", Some(body)).await;
        let is_allowed = maker.changes && maker.folder.is_none();
        self.agree(&format!("{maker:?} makes a token for {who:?}"), is_allowed, &answer);
        if is_allowed {
            let maker = self.made_token(&secret);
            self.lineage.made(&answer.id(), maker.as_deref());
            self.tokens.push(Token { who, id: answer.id(), secret: text(&answer, "token").to_owned() });
        }
        (user, Vec::new())
    }

    pub(super) async fn rotate_token(&mut self) -> Done {
        let Some(at) = self.rng.choice(0..self.tokens.len()) else { return (0, Vec::new()) };
        let Token { who, id, secret } = &self.tokens[at];
        let (who, id, secret) = (*who, id.clone(), secret.clone());
        let answer = self.drive.ask(&secret, Method::POST, "/tokens/rotate", Some(json!({}))).await;
        let is_allowed = self.lineage.may_rotate(&id);
        self.agree(&format!("{who:?} rotates its token"), is_allowed, &answer);
        if is_allowed {
            self.lineage.rotated(&id, &answer.id());
            self.tokens.push(Token { who, id: answer.id(), secret: text(&answer, "token").to_owned() });
        }
        (who.user, Vec::new())
    }

    /// Any token, or one of the operator's, revokes any token, mostly one of its own user.
    pub(super) async fn revoke_token(&mut self) -> Done {
        let Some(at) = self.rng.choice(0..self.tokens.len()) else { return (0, Vec::new()) };
        let (who, secret) = self.somebody();
        let (of, id) = (self.tokens[at].who, self.tokens[at].id.clone());
        let answer = self.drive.ask(&secret, Method::DELETE, &format!("/tokens/{id}"), None).await;
        let is_known = match self.made_token(&secret) {
            None => who.user == of.user,
            Some(own) => self.lineage.comes_of(&own).contains(&id),
        };
        let is_allowed = who.changes && who.folder.is_none() && is_known;
        self.agree(&format!("{who:?} revokes a token of {of:?}"), is_allowed, &answer);
        if is_allowed {
            self.lineage.revoke(&id);
            self.forget_bad_tokens().await;
        }
        (who.user, Vec::new())
    }

    /// Checks that tokens that are no longer valid are refused.
    async fn forget_bad_tokens(&mut self) {
        let (good, bad): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.tokens).into_iter().partition(|token| self.lineage.is_good(&token.id));
        self.tokens = good;
        for token in bad {
            let answer = self.drive.ask(&token.secret, Method::GET, "/drive/tree", None).await;
            assert_eq!(answer.status, 401, "a token of {:?} that has ended: {}", token.who, self.story());
        }
        self.forget_ended_grants().await;
    }
}
