/** Metrics of a process, read at its operations port. */

/** One line of Prometheus' text format. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metrics {
  /** The sum of the samples of a name whose labels have at least these values; undefined if there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
  readonly names: ReadonlySet<string>;
}

/** `operationsUrl`: `http://host:port`. */
export async function readMetrics(operationsUrl: string): Promise<Metrics> {
  const response = await fetch(`${operationsUrl}/metrics`);
  if (response.status !== 200) throw new Error(`the metrics answered ${response.status}`);
  const samples = (await response.text()).split("\n").flatMap(sampleOf);
  return {
    sum(name, labels = {}) {
      const wanted = Object.entries(labels);
      const found = samples.filter(
        (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
      );
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
    names: new Set(samples.map(({ name }) => name)),
  };
}

function sampleOf(line: string): Sample[] {
  const [, name, labels = "", value] = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)/i.exec(line) ?? [];
  if (name === undefined) return [];
  const pairs = Array.from(labels.matchAll(/(\w+)="([^"]*)"/g), ([, label = "", text = ""]) => [label, text] as const);
  return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
}
