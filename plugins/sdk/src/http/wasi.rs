//! The client over `wasi:http/outgoing-handler`.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::streams::{InputStream, StreamError};

use super::{Error, Granted, Http, Request, Response, Url};

/// The most bytes that one blocking write takes.
const CHUNK: usize = 4096;
/// Bytes read at once.
const READ: u64 = 64 << 10;

impl Http for Granted {
    fn send(&self, request: &Request) -> Result<Response, Error> {
        let outgoing = outgoing(request)?;
        let body = outgoing.body().map_err(|()| Error::new("the request has no body to write to"))?;
        let answer = handle(outgoing, Some(options(request))).map_err(|code| failed(request, &code))?;
        write(body, &request.body).map_err(|why| Error::new(format!("{}: {why}", request.url)))?;
        answer.subscribe().block();
        match answer.get() {
            Some(Ok(Ok(response))) => read(&response, request),
            Some(Ok(Err(code))) => Err(failed(request, &code)),
            Some(Err(())) | None => Err(Error::new(format!("{}: the answer was lost", request.url))),
        }
    }
}

fn failed(request: &Request, code: &ErrorCode) -> Error {
    Error::new(format!("{}: {code:?}", request.url))
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, Error> {
    let url = Url::parse(&request.url)?;
    let headers: Vec<_> =
        request.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    let headers = Fields::from_list(&headers).map_err(|error| Error::new(format!("a header is refused: {error:?}")))?;
    let outgoing = OutgoingRequest::new(headers);
    let scheme = if url.is_https { Scheme::Https } else { Scheme::Http };
    let path = match url.path {
        "" => "/".to_owned(),
        path if path.starts_with('?') => format!("/{path}"),
        path => path.to_owned(),
    };
    outgoing
        .set_method(&method(&request.method))
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(url.authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&path)))
        .map_err(|()| Error::new(format!("{} {:?} cannot be sent", request.method, request.url)))?;
    Ok(outgoing)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

/// A host may not know these limits, and says so by refusing them; then its own hold.
fn options(request: &Request) -> RequestOptions {
    let options = RequestOptions::new();
    let timeout = u64::try_from(request.timeout.as_nanos()).ok();
    let _ = options.set_connect_timeout(timeout);
    let _ = options.set_first_byte_timeout(timeout);
    let _ = options.set_between_bytes_timeout(timeout);
    options
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), String> {
    if !bytes.is_empty() {
        let stream = body.write().map_err(|()| "the request's body cannot be written".to_owned())?;
        for chunk in bytes.chunks(CHUNK) {
            stream.blocking_write_and_flush(chunk).map_err(|error| in_words(&error))?;
        }
    }
    OutgoingBody::finish(body, None).map_err(|code| format!("{code:?}"))
}

fn read(response: &IncomingResponse, request: &Request) -> Result<Response, Error> {
    let said = |why: String| Error::new(format!("{}: {why}", request.url));
    let lower = |(name, value): (String, Vec<u8>)| (name.to_ascii_lowercase(), value);
    let (status, headers) = (response.status(), response.headers().entries().into_iter().map(lower).collect());
    let body: IncomingBody = response.consume().map_err(|()| said("the answer has no body to read".to_owned()))?;
    let stream = body.stream().map_err(|()| said("the answer's body cannot be read".to_owned()))?;
    let bytes = read_all(&stream, request.most_bytes).map_err(said)?;
    Ok(Response { status, headers, body: bytes })
}

fn read_all(stream: &InputStream, most_bytes: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ) {
            Ok(read) => bytes.extend_from_slice(&read),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(error) => return Err(in_words(&error)),
        }
        if bytes.len() > most_bytes {
            return Err(format!("the answer is longer than {most_bytes} bytes"));
        }
    }
}

fn in_words(error: &StreamError) -> String {
    match error {
        StreamError::Closed => "the connection was closed".to_owned(),
        StreamError::LastOperationFailed(error) => error.to_debug_string(),
    }
}
