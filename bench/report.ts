// From the values of all rounds to the table: medians, ratios to the floor, spreads. Pure: values in, text out.

/** One value that was measured. */
export interface Sample {
  readonly round: number
  readonly case: string
  readonly metric: string
  readonly unit: string
  readonly isLowerBetter: boolean
  readonly router: string
  readonly isFloor: boolean
  readonly value: number
  /** Shares of one core; a router with several threads can use more than one. */
  readonly generatorCpu: number
  readonly routerCpu: number
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** All rounds of one router in one metric of one case. */
export interface Row {
  readonly case: string
  readonly metric: string
  readonly unit: string
  readonly isLowerBetter: boolean
  readonly router: string
  readonly values: readonly number[]
  readonly value: Spread
  /** The value divided by the floor's of the same round; missing where no round has both. */
  readonly ratios: readonly number[]
  readonly ratio: Spread | undefined
  readonly generatorCpu: number
  readonly routerCpu: number
}

/** The middle value, the mean of the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('Cannot take the median of no values')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Median, smallest and largest of at least one value. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/**
 * One row for each case, metric and router, in the order of their first samples.
 * Ratios are taken within a round, where both sides saw the same state of the machine, and only then is their median taken.
 */
export function summarise(samples: readonly Sample[]): Row[] {
  const groups = Map.groupBy(samples, (sample) => JSON.stringify([sample.case, sample.metric, sample.router]))
  return [...groups.values()].map((group) => {
    const { case: name, metric, unit, isLowerBetter, router } = group[0]!
    const floors = samples.filter((sample) => sample.isFloor && sample.case === name && sample.metric === metric)
    const floorByRound = new Map(floors.map((sample) => [sample.round, sample.value]))
    // A floor of nothing, such as no growth of memory, cannot be divided by.
    const withFloor = group.filter((sample) => (floorByRound.get(sample.round) ?? 0) > 0)
    const ratios = withFloor.map((sample) => sample.value / floorByRound.get(sample.round)!)
    const values = group.map((sample) => sample.value)
    return {
      case: name,
      metric,
      unit,
      isLowerBetter,
      router,
      values,
      value: spread(values),
      ratios,
      ratio: ratios.length > 0 ? spread(ratios) : undefined,
      generatorCpu: median(group.map((sample) => sample.generatorCpu)),
      routerCpu: median(group.map((sample) => sample.routerCpu)),
    }
  })
}

/** A number as it is read: thousands apart, three digits that mean something below a hundred. */
export function formatNumber(value: number): string {
  if (Math.abs(value) >= 100)
    return Math.round(value)
      .toString()
      .replace(/\B(?=(\d{3})+$)/g, ' ')
  return Number(value.toPrecision(3)).toString()
}

const HEADER = ['router', 'median', 'min–max', 'to the floor', 'min–max', 'router CPU', 'load CPU'] as const

/** The rows as text: one block for each case and metric, aligned, ready for a terminal or a code block. */
export function formatTable(rows: readonly Row[]): string {
  const blocks = Map.groupBy(rows, (row) => `${row.case}: ${row.metric === row.unit ? row.unit : `${row.metric}, ${row.unit}`}`)
  const texts = [...blocks].map(([title, group]) => {
    const lines = [HEADER, ...group.map(cells)]
    const widths = HEADER.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
    const aligned = lines.map((line) =>
      line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  '),
    )
    return `${title}${group[0]!.isLowerBetter ? ' (less is better)' : ''}\n${aligned.map((line) => `  ${line}`).join('\n')}`
  })
  return `${texts.join('\n\n')}\n`
}

function cells(row: Row): string[] {
  return [
    row.router,
    formatNumber(row.value.median),
    `${formatNumber(row.value.min)}–${formatNumber(row.value.max)}`,
    row.ratio === undefined ? '–' : row.ratio.median.toFixed(2),
    row.ratio === undefined ? '–' : `${row.ratio.min.toFixed(2)}–${row.ratio.max.toFixed(2)}`,
    formatShare(row.routerCpu),
    formatShare(row.generatorCpu),
  ]
}

/** A share of one core in percent. */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)} %`
}
