use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode};
use url::{Host, Url};

use super::{Flaw, InvalidDeliveryUrl, Provider};

/// All but RFC 3986's unreserved characters.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes a text so that it is one part of a URL.
pub(super) fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, &RESERVED)
}

/// Whether only programs on this machine listen there.
pub(super) fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// The URL of a provider, taken apart.
pub(super) struct Parts {
    provider: Provider,
    url: Url,
    /// The parameters that nobody has taken, as they stand in the URL.
    parameters: Vec<String>,
}

impl Parts {
    pub(super) fn read(text: &str, provider: Provider) -> Result<Self, InvalidDeliveryUrl> {
        let flaw = |flaw| InvalidDeliveryUrl::Provider { provider, flaw };
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::EmptyHost => flaw(Flaw::NoHost),
            _ => flaw(Flaw::Unreadable),
        })?;
        if url.fragment().is_some() {
            return Err(flaw(Flaw::Fragment));
        }
        let query = url.query().unwrap_or_default();
        let parameters = query.split('&').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Ok(Self { provider, url, parameters })
    }

    pub(super) fn flaw(&self, flaw: Flaw) -> InvalidDeliveryUrl {
        InvalidDeliveryUrl::Provider { provider: self.provider, flaw }
    }

    pub(super) fn host(&self) -> Result<Host, InvalidDeliveryUrl> {
        let host = self.url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| self.flaw(Flaw::NoHost))?;
        Host::parse(host).map_err(|_| self.flaw(Flaw::Unreadable))
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.url.port()
    }

    /// The user name and the password; both or none.
    pub(super) fn login(&self) -> Result<Option<(String, String)>, InvalidDeliveryUrl> {
        match (self.url.username(), self.url.password()) {
            ("", None) => Ok(None),
            ("", Some(_)) | (_, None) => Err(self.flaw(Flaw::HalfALogin)),
            (name, Some(password)) => {
                Ok(Some((self.decoded(name, "its user name")?, self.decoded(password, "its password")?)))
            }
        }
    }

    pub(super) fn no_path(&self) -> Result<(), InvalidDeliveryUrl> {
        if matches!(self.url.path(), "" | "/") { Ok(()) } else { Err(self.flaw(Flaw::Path)) }
    }

    /// Takes a parameter out, decoded. A plus sign is one: numbers and base64 hold it.
    pub(super) fn take(&mut self, name: &'static str) -> Result<Option<String>, InvalidDeliveryUrl> {
        let (mine, others): (Vec<String>, Vec<String>) =
            self.parameters.drain(..).partition(|part| part.split('=').next() == Some(name));
        self.parameters = others;
        match mine.as_slice() {
            [] => Ok(None),
            [part] => {
                let value = part.split_once('=').map_or("", |(_, value)| value);
                let value = self.decoded(value, "one of its values")?;
                if value.trim().is_empty() { Err(self.flaw(Flaw::Missing(name))) } else { Ok(Some(value)) }
            }
            _ => Err(self.flaw(Flaw::Repeated(name))),
        }
    }

    /// Takes out `ca`, the file with the certificates to trust in place of the public ones.
    pub(super) fn take_ca(&mut self) -> Result<Option<PathBuf>, InvalidDeliveryUrl> {
        Ok(self.take("ca")?.map(PathBuf::from))
    }

    /// Nothing but what was taken may be there.
    pub(super) fn no_more(&self, known: &'static str) -> Result<(), InvalidDeliveryUrl> {
        if self.parameters.is_empty() { Ok(()) } else { Err(self.flaw(Flaw::Unknown(known))) }
    }

    /// The URL without what was taken out of it.
    pub(super) fn rest(&self) -> Url {
        let (mut url, query) = (self.url.clone(), self.parameters.join("&"));
        url.set_query((!query.is_empty()).then_some(&query));
        url
    }

    fn decoded(&self, text: &str, part: &'static str) -> Result<String, InvalidDeliveryUrl> {
        let text = percent_decode_str(text).decode_utf8().map_err(|_| self.flaw(Flaw::NoText(part)))?;
        if text.chars().any(char::is_control) { Err(self.flaw(Flaw::NoText(part))) } else { Ok(text.into()) }
    }
}
