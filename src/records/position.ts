/** Where a list that is ordered by time goes on: the id tells apart what happened at the same moment. */
export interface Position {
  readonly atMs: number
  readonly id: string
}
