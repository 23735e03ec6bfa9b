/**
 * A roll as OpenTelemetry spans, in the JSON encoding of OTLP: one trace, a service a member, a span for each state that
 * it was in and for each notice that it sent. Made by OpenTelemetry's own packages.
 */
import {
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace as tracing,
} from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Plan } from '../plan/plan.ts';
import { keyOf, type Lanes } from './lanes.ts';
import { spanWords } from './story.ts';

type Time = [seconds: number, nanoseconds: number];

/**
 * @param startedAt ISO 8601, UTC: when the trace's clock read `zeroNs`
 * @returns an ExportTraceServiceRequest
 */
export function otlpTrace(plan: Plan, lanes: Lanes, startedAt: string, zeroNs: number): string {
  const exporter = new InMemorySpanExporter();
  const tracerOf = (service: string): Tracer => {
    const resource = resourceFromAttributes({ 'service.name': service, 'service.namespace': plan.name });
    return new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer(
      'refresh-rig',
    );
  };
  const startMs = Date.parse(startedAt);
  const time = (atNs: number): Time => {
    const sinceNs = Math.round(atNs - zeroNs) + (startMs % 1000) * 1e6;
    return [Math.floor(startMs / 1000) + Math.floor(sinceNs / 1e9), sinceNs % 1e9];
  };
  const roll = tracerOf('refresh-rig').startSpan(
    `roll ${plan.from} → ${plan.to}`,
    {
      startTime: time(lanes.fromNs),
      attributes: {
        daemon: plan.daemon.name,
        ...(plan.daemon.model === null
          ? {}
          : { strategy: plan.daemon.model.strategy, wakeups: plan.daemon.model.wakeups }),
        order: [...plan.order],
      },
    },
    ROOT_CONTEXT,
  );
  for (const mark of lanes.marks) roll.addEvent(mark.says, { mark: mark.is }, time(mark.atNs));
  const within = tracing.setSpan(ROOT_CONTEXT, roll);
  for (const member of lanes.members) addMember(tracerOf(member), member, lanes, within, time);
  roll.end(time(lanes.toNs));
  const bytes = JsonTraceSerializer.serializeRequest(exporter.getFinishedSpans());
  if (bytes === undefined) throw new Error('OpenTelemetry could not serialise the spans');
  return new TextDecoder().decode(bytes);
}

function addMember(tracer: Tracer, member: string, lanes: Lanes, within: Context, time: (atNs: number) => Time): void {
  for (const span of lanes.spans.filter((candidate) => candidate.member === member)) {
    const attributes = { member, state: keyOf(span.state) };
    tracer.startSpan(spanWords(span), { startTime: time(span.fromNs), attributes }, within).end(time(span.toNs));
  }
  for (const arrow of lanes.arrows.filter((candidate) => candidate.from === member)) {
    const { kind, to, fate } = arrow;
    const options = { kind: SpanKind.CLIENT, startTime: time(arrow.sentNs), attributes: { kind, to, fate } };
    const notice = tracer.startSpan(`notice (${kind}) to ${to}`, options, within);
    if (fate === 'failed') notice.setStatus({ code: SpanStatusCode.ERROR, message: arrow.says });
    notice.end(time(arrow.arrivedNs));
  }
}
