import {
  ConflictException,
  Injectable,
  NotFoundException,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type ActiveUsers, BusinessMetrics, TrackMetrics } from 'nestjs-monitoring';
import { type EntityManager, Repository } from 'typeorm';
import { ActivityService } from '../activity/activity.service.js';
import { type Page, pageOf, type PageQuery, rowsOf } from '../page.dto.js';
import type { CreateUserDto } from './dto/create-user.dto.js';
import type { UpdateUserDto } from './dto/update-user.dto.js';
import { User } from './user.entity.js';

@Injectable()
export class UsersService implements OnApplicationBootstrap {
  private readonly sellers: ActiveUsers;

  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly activity: ActivityService,
    metrics: BusinessMetrics,
  ) {
    this.sellers = metrics.activeUsers('active_sellers');
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.countActiveUsers();
  }

  async list(query: PageQuery): Promise<Page<User>> {
    return pageOf(await this.users.findAndCount({ order: { id: 'ASC' }, ...rowsOf(query) }), query);
  }

  async get(id: number): Promise<User> {
    const user = await this.users.findOneBy({ id });
    if (user === null) throw new NotFoundException(`There is no user ${id}.`);
    return user;
  }

  /** @param manager that of a transaction, if the question is part of one */
  async maySell(id: number, manager: EntityManager = this.users.manager): Promise<boolean> {
    const maySell = await this.isActive(id, manager);
    if (maySell) this.sellers.seen(id);
    return maySell;
  }

  private isActive(id: number, manager: EntityManager): Promise<boolean> {
    return manager.existsBy(User, { id, active: true });
  }

  async create({ email, name, role }: CreateUserDto): Promise<User> {
    if (await this.users.existsBy({ email })) {
      throw new ConflictException(`There already is a user with the address ${email}.`);
    }
    const user = await this.users.save(this.users.create({ email, name, role, active: true }));
    await this.countActiveUsers();
    this.activity.record('user.created', user.name);
    return user;
  }

  async update(id: number, dto: UpdateUserDto): Promise<User> {
    const user = await this.users.save(Object.assign(await this.get(id), dto));
    await this.countActiveUsers();
    return user;
  }

  /** Those who may sign in. Each call sets the gauge. */
  @TrackMetrics({ gaugeName: 'active_users' })
  private countActiveUsers(): Promise<number> {
    return this.users.countBy({ active: true });
  }
}
