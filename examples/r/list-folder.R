# Lists a folder of Box. Usage: Rscript list-folder.R [FOLDER_ID]

BOX <- "4d76d0c2-ff2d-5e85-8e3a-cdcab07651e1" # from: benchkey integrations
API <- Sys.getenv("BOX_API", "https://api.box.com/2.0")

# R's own curl does not know CURL_CA_BUNDLE, so it is told where the certificates are.
new_handle <- function(...) {
  handle <- curl::new_handle(...)
  bundle <- Sys.getenv("CURL_CA_BUNDLE")
  if (nzchar(bundle)) curl::handle_setopt(handle, cainfo = bundle)
  handle
}

# A token that is valid now. The cookie is replaced every 30 minutes, so it is read at each call.
access_token <- function(integration) {
  request <- sprintf('{"kwparams":{"uuid":"%s"},"method":"oauth_token"}', integration)
  handle <- new_handle(copypostfields = request)
  cookie <- readLines(file.path(Sys.getenv("PWB_SESSION_RUNTIME_DIR"), "rpc_cookie"))
  curl::handle_setheaders(handle, "Content-Type" = "application/json", "X-RS-Session-Server-RPC-Cookie" = cookie)
  reply <- curl::curl_fetch_memory(paste0(Sys.getenv("RS_SERVER_ADDRESS"), "/oauth_token"), handle)
  text <- rawToChar(reply$content)
  if (reply$status_code != 200) stop(text, call. = FALSE)
  answer <- jsonlite::fromJSON(text)
  if (!is.null(answer$error)) stop(answer$error, call. = FALSE)
  answer$access_token
}

arguments <- commandArgs(trailingOnly = TRUE)
folder <- if (length(arguments) > 0) arguments[[1]] else "0"
marker <- NULL
repeat {
  url <- paste0(API, "/folders/", folder, "/items?fields=type,name,size&usemarker=true")
  if (!is.null(marker)) url <- paste0(url, "&marker=", curl::curl_escape(marker))
  handle <- new_handle(failonerror = TRUE)
  # Each page with a token of its own, however long the reading takes.
  curl::handle_setheaders(handle, Authorization = paste("Bearer", access_token(BOX)))
  page <- jsonlite::fromJSON(rawToChar(curl::curl_fetch_memory(url, handle)$content))
  cat(paste(page$entries$type, page$entries$name, page$entries$size), sep = "\n")
  marker <- page$next_marker
  if (is.null(marker)) break
}
