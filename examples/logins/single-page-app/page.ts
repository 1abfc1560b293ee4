import { comeBack, logIn, logOut } from './login.ts'

const form = document.querySelector('form')!
const house = document.querySelector('section')!
const greeting = house.querySelector('output')!
const refusal = form.querySelector('output')!
const [name, password] = document.querySelectorAll('input')

async function show(): Promise<void> {
  const client = await comeBack()
  form.hidden = client !== undefined
  house.hidden = client === undefined
  if (client === undefined) return
  greeting.value = await client.call('com.example.greet')
  house.querySelector('button')!.onclick = () => logOut(client)
  await client.stopped().catch(() => {}) // logged out here or in another window, or the cookie has expired
  await show()
}

form.onsubmit = async (event) => {
  event.preventDefault()
  refusal.value = ''
  try {
    await logIn(name!.value, password!.value)
    void show()
  } catch (error) {
    refusal.value = (error as Error).message
  }
  password!.value = ''
}

await show()
