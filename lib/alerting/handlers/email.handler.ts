import {
  type AlertNotification,
  NotificationError,
  type NotificationHandler,
} from '../notifications/notification.js';

/** What is used of a transport of nodemailer. */
export interface MailTransport {
  /** Sends one mail; rejects if it was not taken. */
  sendMail(mail: {
    readonly from: string;
    readonly to: string;
    readonly subject: string;
    readonly text: string;
  }): Promise<unknown>;
  /** Lets go of its connections. */
  close?(): void;
}

/** Options of an {@link EmailAlertHandler}. */
export interface EmailOptions {
  readonly from: string;
  readonly to: string | readonly string[];
  /** A URL such as `smtps://user:password@mail.example.com`, options of nodemailer, or a transport of your own. */
  readonly transport: string | Readonly<Record<string, unknown>> | MailTransport;
}

/** Sends alerts by e-mail, with `nodemailer`. */
export class EmailAlertHandler implements NotificationHandler {
  readonly name = 'email';
  private opening: Promise<MailTransport> | undefined;

  constructor(private readonly options: EmailOptions) {}

  async notify({ status, groupLabels, alerts }: AlertNotification): Promise<void> {
    const transport = await (this.opening ??= this.open());
    const { from, to } = this.options;
    const firing = alerts.filter(({ state }) => state === 'firing').length;
    const title = groupLabels['alertname'] ?? alerts[0]?.rule ?? '';
    const text = alerts.map(({ state, severity, message, labels, firedAt, activeAt, resolvedAt }) =>
      [
        `${state} (${severity}): ${message}`,
        `  since ${new Date(firedAt ?? activeAt).toISOString()}${resolvedAt === undefined ? '' : ` until ${new Date(resolvedAt).toISOString()}`}`,
        ...Object.entries(labels).map(([name, value]) => `  ${name} = ${value}`),
      ].join('\n'),
    );
    try {
      await transport.sendMail({
        from,
        to: typeof to === 'string' ? to : to.join(', '),
        subject: oneLine(`[${status.toUpperCase()}${firing > 0 ? `:${firing}` : ''}] ${title}`),
        text: text.join('\n\n'),
      });
    } catch (error) {
      const { responseCode, code } = error as { responseCode?: number; code?: string };
      // 5xx is for good; the text of the server may repeat what was secret.
      const mayRetry = responseCode === undefined || responseCode < 500;
      throw new NotificationError(`the mail server refused (${responseCode ?? code ?? 'unknown'})`, mayRetry);
    }
  }

  /** Closes the transport, also one of your own. */
  async close(): Promise<void> {
    const transport = await this.opening?.catch(() => undefined);
    transport?.close?.();
  }

  /** nodemailer is only loaded when there is something to send. */
  private async open(): Promise<MailTransport> {
    const { transport } = this.options;
    if (isTransport(transport)) return transport;
    const nodemailer = await loadNodemailer();
    return nodemailer.createTransport(transport);
  }
}

interface Nodemailer {
  createTransport(transport: string | Readonly<Record<string, unknown>>): MailTransport;
}

async function loadNodemailer(): Promise<Nodemailer> {
  const name: string = 'nodemailer';
  try {
    const module = (await import(name)) as Nodemailer & { readonly default?: Nodemailer };
    return module.default ?? module;
  } catch (error) {
    throw new NotificationError('E-mail needs the package nodemailer: npm install nodemailer', false, {
      cause: error,
    });
  }
}

function isTransport(transport: EmailOptions['transport']): transport is MailTransport {
  return (
    typeof transport === 'object' && typeof (transport as Partial<MailTransport>).sendMail === 'function'
  );
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
