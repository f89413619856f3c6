# Lists integrations and asks for the tokens of the GUIDs given, with the bytes of rstudioapi and reading replies as it does.
# Prints one JSON object: {"integrations": [...] or {"error"}, "tokens": [{"token", "expiry"} or {"error"}, ...]}.

call <- function(method, body) {
  body$method <- jsonlite::unbox(method)
  handle <- curl::new_handle(
    cainfo = Sys.getenv("REQUESTS_CA_BUNDLE"), post = TRUE, postfields = jsonlite::toJSON(body)
  )
  cookie <- Sys.getenv("RS_SESSION_RPC_COOKIE")
  curl::handle_setheaders(handle, "Content-Type" = "application/json", "X-RS-Session-Server-RPC-Cookie" = cookie)
  reply <- curl::curl_fetch_memory(paste0(Sys.getenv("RS_SERVER_ADDRESS"), "/", method), handle)
  text <- rawToChar(reply$content)
  if (reply$status_code >= 400) stop(paste0(reply$status_code, ": ", text))
  answer <- jsonlite::fromJSON(text, simplifyVector = FALSE)
  # `$` matches names by their beginnings: a key such as errors or result_of would count here.
  if (!is.null(answer$error)) stop(answer$error)
  if (!is.null(answer$result) && !isTRUE(answer$result)) stop("result is false")
  answer
}

integrations <- function() {
  found <- list()
  for (provider in call("oauth_integrations", list(kwparams = list()))$providers) {
    for (each in provider$integrations) {
      each$guid <- each$uid
      each$uid <- NULL
      found <- c(found, list(each))
    }
  }
  found
}

token <- function(guid) {
  answer <- call("oauth_token", list(kwparams = list(uuid = jsonlite::unbox(guid))))
  if (is.null(answer$access_token)) stop("no access_token")
  expiry <- as.POSIXct(answer$expiry, format = "%Y-%m-%dT%H:%M:%OS", tz = "UTC")
  list(token = answer$access_token, expiry = format(expiry, "%Y-%m-%dT%H:%M:%S+00:00"))
}

told <- function(ask) tryCatch(ask(), error = function(e) list(error = conditionMessage(e)))

guids <- commandArgs(TRUE)
outcome <- list(integrations = told(integrations), tokens = lapply(guids, function(guid) told(function() token(guid))))
cat(jsonlite::toJSON(outcome, auto_unbox = TRUE))
