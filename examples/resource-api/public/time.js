/** @param time ISO 8601, as services write it */
export const inLocalTime = time => new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
