// A Central System made of ocpp-rpc in strict mode: it refuses, and reports, every frame that breaks a schema.
//
// Driven by one JSON object a line.
//   in   {"call": 7, "action": "Reset", "payload": {...}}   {"transactions": true}   the end of the input: it ends
//   out  {"listening": 9000}
//        {"connected": "MOCK0001"}  {"disconnected": 1000}
//        {"message": "[2,...]", "outbound": true}           every frame as it stands on the wire
//        {"violation": "..."}                               what strict mode, or the framing, found
//        {"called": 7, "payload": {...}}  or  {"called": 7, "error": ["NotSupported", "..."]}
//        {"transactions": [...]}                            its own books: a start and all stops of each
import { createInterface } from 'node:readline';
import { RPCServer, createRPCError } from 'ocpp-rpc';

const tags = JSON.parse(process.argv[2]); // idTag -> IdTagInfo; any other is Invalid
const transactions = new Map();
let client = null;

const say = (thing) => process.stdout.write(JSON.stringify(thing) + '\n');
const now = () => new Date().toISOString();
const about = (idTag) => tags[idTag.toUpperCase()] ?? { status: 'Invalid' };

const answers = {
  BootNotification: () => ({ status: 'Accepted', currentTime: now(), interval: 300 }),
  Heartbeat: () => ({ currentTime: now() }),
  Authorize: ({ idTag }) => ({ idTagInfo: about(idTag) }),
  StartTransaction: (start) => {
    const transactionId = transactions.size + 1;
    transactions.set(transactionId, { transactionId, start, stops: [] });
    return { transactionId, idTagInfo: about(start.idTag) };
  },
  StopTransaction: (stop) => {
    const transaction = transactions.get(stop.transactionId);
    if (!transaction) throw createRPCError('PropertyConstraintViolation', 'no such transaction');
    transaction.stops.push(stop);
    return stop.idTag === undefined ? {} : { idTagInfo: about(stop.idTag) };
  },
  MeterValues: ({ transactionId }) => {
    const transaction = transactions.get(transactionId);
    const late = transaction && transaction.stops.length > 0;
    if (transactionId !== undefined && (!transaction || late)) {
      say({ violation: `MeterValues of transaction ${transactionId}, which does not run` });
    }
    return {};
  },
  StatusNotification: () => ({}),
  DiagnosticsStatusNotification: () => ({}),
  FirmwareStatusNotification: () => ({}),
  DataTransfer: () => ({ status: 'UnknownVendorId' }),
};

const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true, pingIntervalMs: 5000 });

server.on('client', (connected) => {
  client = connected;
  for (const [action, answer] of Object.entries(answers)) client.handle(action, ({ params }) => answer(params));
  client.handle(({ method }) => {
    say({ violation: `${method} is not for a charge point to send` });
    throw createRPCError('NotImplemented');
  });
  client.on('message', ({ message, outbound }) => say({ message: String(message), outbound }));
  client.on('strictValidationFailure', ({ method, isCall, outbound, error }) => {
    const whose = outbound ? 'our own ' : '';
    say({ violation: `${whose}${method}.${isCall ? 'req' : 'conf'}: ${error.message}` });
  });
  client.on('badMessage', ({ error }) => say({ violation: `unreadable: ${error.message}` }));
  client.on('close', ({ code }) => say({ disconnected: code }));
  say({ connected: client.identity });
});

async function call({ call: number, action, payload }) {
  try {
    if (!client) throw createRPCError('GenericError', 'no charge point is connected');
    say({ called: number, payload: await client.call(action, payload) });
  } catch (error) {
    say({ called: number, error: [error.rpcErrorCode ?? error.name, error.message] });
  }
}

const listener = await server.listen(0, '127.0.0.1');
say({ listening: listener.address().port });

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.transactions) say({ transactions: [...transactions.values()] });
  else call(asked); // not awaited: its answer may depend on what comes next
}
await server.close({ code: 1001, force: true });
