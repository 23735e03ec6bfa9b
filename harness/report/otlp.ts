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
import type { Arrow } from './arrows.ts';
import { keyOf, type Lanes, type Span } from './lanes.ts';
import { arrowWords, spanWords } from './story.ts';

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
  const spans = Map.groupBy(lanes.spans, (span) => span.member);
  const arrows = Map.groupBy(lanes.arrows, (arrow) => arrow.from);
  for (const member of lanes.members) {
    const tracer = tracerOf(member);
    addSpans(tracer, spans.get(member) ?? [], within, time);
    addNotices(tracer, arrows.get(member) ?? [], within, time);
  }
  roll.end(time(lanes.toNs));
  const bytes = JsonTraceSerializer.serializeRequest(exporter.getFinishedSpans());
  if (bytes === undefined) throw new Error('OpenTelemetry could not serialise the spans');
  return new TextDecoder().decode(bytes);
}

function addSpans(tracer: Tracer, spans: readonly Span[], within: Context, time: (atNs: number) => Time): void {
  for (const span of spans) {
    const attributes = { member: span.member, state: keyOf(span.state) };
    tracer.startSpan(spanWords(span), { startTime: time(span.fromNs), attributes }, within).end(time(span.toNs));
  }
}

function addNotices(tracer: Tracer, arrows: readonly Arrow[], within: Context, time: (atNs: number) => Time): void {
  for (const arrow of arrows) {
    const { kind, to, fate } = arrow;
    const options = { kind: SpanKind.CLIENT, startTime: time(arrow.sentNs), attributes: { kind, to, fate } };
    const notice = tracer.startSpan(`notice (${kind}) to ${to}`, options, within);
    if (fate === 'failed') notice.setStatus({ code: SpanStatusCode.ERROR, message: arrowWords(arrow) });
    notice.end(time(arrow.arrivedNs));
  }
}
