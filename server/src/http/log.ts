/** Where the doors write; pino's logger fits. Only what is named in the fields is written, never a URL's query. */
export interface HttpLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
