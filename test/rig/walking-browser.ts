/** Follows redirects and submits the forms of oidc-provider's own pages, with cookies as a browser has them. */

interface Cookie {
  readonly value: string;
  readonly path: string;
}

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  /** Where the browser is sent to, by a redirect or by the page itself. */
  readonly location: string | undefined;
  readonly body: string;
  readonly setCookies: readonly string[];
}

export class WalkingBrowser {
  /** By host and name. Hosts share cookies between ports, as in browsers. */
  readonly cookies = new Map<string, Map<string, Cookie>>();

  /** Asks once, without following a redirect. */
  async ask(url: string, form?: Record<string, string>): Promise<Page> {
    const { hostname, pathname } = new URL(url);
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { Accept: 'text/html', Cookie: this.cookiesFor(hostname, pathname) },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    const setCookies = response.headers.getSetCookie();
    for (const one of setCookies) this.keep(hostname, one);
    const body = await response.text();
    const location = response.headers.get('Location') ?? refreshOf(body);
    return {
      url,
      status: response.status,
      headers: response.headers,
      location: location === undefined ? undefined : new URL(location, url).href,
      body,
      setCookies,
    };
  }

  /** Goes on from a page until the address fits: follows redirects, logs in as `login`, and consents. Asks not for that address. */
  async walk(from: Page, login: string, until: (url: string) => boolean): Promise<string> {
    let page = from;
    for (let steps = 0; steps < 12; steps++) {
      if (page.location !== undefined) {
        if (until(page.location)) return page.location;
        page = await this.ask(page.location);
        continue;
      }
      const action = /<form[^>]*action="([^"]+)"/.exec(page.body)?.[1];
      if (action === undefined)
        throw new Error(`A page without a form: ${page.url} ${page.status} ${page.body.slice(0, 500)}`);
      const isLogin = page.body.includes('name="login"');
      const form: Record<string, string> = isLogin
        ? { prompt: 'login', login, password: 'any' }
        : { prompt: 'consent' };
      page = await this.ask(new URL(action, page.url).href, form);
    }
    throw new Error(`Too many steps; the last was ${page.url}`);
  }

  cookieOf(host: string, name: string): string | undefined {
    return this.cookies.get(host)?.get(name)?.value;
  }

  private cookiesFor(host: string, path: string): string {
    return [...(this.cookies.get(host) ?? [])]
      .filter(([, cookie]) => path.startsWith(cookie.path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  }

  private keep(host: string, line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    const of = (wanted: string): string | undefined =>
      attributes.find((one) => one.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const cookies = this.cookies.get(host) ?? new Map<string, Cookie>();
    this.cookies.set(host, cookies);
    const isOver = new Date(of('expires') ?? '2100-01-01').getTime() < Date.now();
    if (isOver) cookies.delete(name);
    else cookies.set(name, { value, path: of('path') ?? '/' });
  }
}

function refreshOf(body: string): string | undefined {
  const escaped = /<meta http-equiv="refresh" content="0; url=([^"]*)">/.exec(body)?.[1];
  return escaped?.replaceAll(/&#(\d+);/g, (_all, code) => String.fromCharCode(Number(code)));
}
