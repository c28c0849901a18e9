// A client made of KafkaJS and AWS's signer. It answers requests, one JSON object a line, until standard input ends.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { fromIni } from "@aws-sdk/credential-providers";
import { generateAuthTokenFromCredentialsProvider } from "aws-msk-iam-sasl-signer-js";
import { Kafka, logLevel } from "kafkajs";

const region = process.env.AWS_REGION;

function kafka(profile) {
  // KafkaJS asks for a token at every authentication; the profile's file is read anew, since tests add to it.
  const sign = async () => {
    const awsCredentialsProvider = fromIni({ profile, ignoreCache: true });
    const { token } = await generateAuthTokenFromCredentialsProvider({ region, awsCredentialsProvider });
    return { value: token };
  };
  return new Kafka({
    brokers: process.env.KAFKA_BOOTSTRAP_SERVERS.split(","),
    ssl: { ca: [readFileSync(process.env.KAFKA_CA_FILE)] },
    sasl: { mechanism: "oauthbearer", oauthBearerProvider: sign },
    requestTimeout: 60000,
    logLevel: logLevel.WARN,
  });
}

class Client {
  async open_producer({ profile, transactional_id }) {
    this.producer = kafka(profile).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      transactionalId: transactional_id ?? undefined,
    });
    await this.producer.connect();
  }

  async send({ topic, values }) {
    const messages = values.map((value) => ({ value }));
    await (this.transaction ?? this.producer).send({ topic, messages });
  }

  async begin() {
    this.transaction = await this.producer.transaction();
  }

  async commit() {
    await this.transaction.commit();
    this.transaction = undefined;
  }

  async abort() {
    await this.transaction.abort();
    this.transaction = undefined;
  }

  async close_producer() {
    await this.producer?.disconnect();
    this.producer = undefined;
  }

  async open_consumer({ profile, topic, group, max_wait_ms = 500 }) {
    this.records = [];
    this.next = new Map();
    this.crash = undefined;
    this.topic = topic;
    this.consumer = kafka(profile).consumer({
      groupId: group,
      maxWaitTimeInMs: max_wait_ms,
      retry: { restartOnFailure: async () => false },
    });
    this.consumer.on(this.consumer.events.CRASH, ({ payload }) => {
      this.crash = payload.error;
      this.wake?.();
    });
    await this.consumer.connect();
    await this.consumer.subscribe({ topic, fromBeginning: true });
    await this.consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        this.records.push([partition, Number(message.offset), message.value.toString()]);
        this.wake?.();
      },
    });
  }

  // Partition, offset and value of the records that come in time; the first ones end the wait.
  async poll({ seconds }) {
    if (this.records.length === 0 && this.crash === undefined) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, seconds * 1000);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = undefined;
    }
    if (this.crash !== undefined) throw this.crash;
    const records = this.records.splice(0);
    for (const [partition, offset] of records) this.next.set(partition, offset + 1);
    return records;
  }

  async commit_offsets() {
    await this.consumer.commitOffsets(
      [...this.next].map(([partition, offset]) => ({ topic: this.topic, partition, offset: String(offset) })),
    );
  }

  async close_consumer() {
    await this.consumer?.disconnect();
    this.consumer = undefined;
  }
}

const client = new Client();
for await (const line of createInterface({ input: process.stdin })) {
  const { do: operation, ...parameters } = JSON.parse(line);
  let reply;
  try {
    reply = { result: (await client[operation](parameters)) ?? null };
  } catch (error) {
    // What Kafka answered has a type of Kafka's own; KafkaJS wraps it when its retries are used up.
    const cause = error.cause ?? error;
    reply = { error: cause.type ?? cause.name, text: cause.message };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit(0);
